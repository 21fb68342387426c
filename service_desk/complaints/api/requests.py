"""What the requests about complaints may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework import serializers

from service_desk.cases.api.requests import ReadBackSerializer
from service_desk.cases.rules import CaseState, Channel
from service_desk.complaints.rules import ComplaintChannel, ComplaintLevel, Finding, FiveClear, InstanceKind
from service_desk.rest.serializers import FilterSerializer, IdField, Moment, StrictSerializer


def _optional(limit: int, **kwargs: Any) -> Any:
    return serializers.CharField(required=False, allow_blank=True, default="", max_length=limit, **kwargs)


class IdentifierRequest(StrictSerializer):
    """A number of another body, after TMF621's externalIdentifier."""

    owner = serializers.CharField(max_length=80)
    id = serializers.CharField(max_length=80)
    externalIdentifierType = _optional(40)  # noqa: N815 - TMF621's own name


class AcceptanceSerializer(StrictSerializer):
    """A complaint to be accepted (P1). At least one of the `about_*`; a name with a number or address, or why none."""

    channel = serializers.ChoiceField(choices=ComplaintChannel.choices)
    level = serializers.ChoiceField(choices=ComplaintLevel.choices)
    matter = serializers.CharField(max_length=120, help_text="In brief.")
    wanted = serializers.CharField(max_length=2000, help_text="What the complainant wants.")
    description = _optional(8000)
    customer = IdField(required=False, help_text="The customer unit; left out for a private person.")
    contact = IdField(required=False)
    name = _optional(80)
    phone = _optional(60)
    address = _optional(200)
    anonymous_reason = _optional(200, help_text="Why there is no name.")
    about_case = serializers.CharField(required=False, max_length=24, help_text="The number of a case you may see.")
    about_staff = IdField(required=False)
    about_unit = IdField(required=False)
    about_product = IdField(required=False)
    about_service = serializers.SlugField(required=False, max_length=30, help_text="A service line.")
    accepted_at = Moment(required=False, allow_null=True, default=None)
    next_reply_at = Moment(required=False, allow_null=True, default=None, help_text="A promise (P8, C11).")
    regulator_due_at = Moment(required=False, allow_null=True, default=None)
    external_identifiers: Any = serializers.ListSerializer(
        child=IdentifierRequest(), required=False, default=list, max_length=20
    )
    read_back = ReadBackSerializer(required=False)


class ComplaintFilterSerializer(FilterSerializer):
    """The filters of the list of complaints."""

    state = serializers.ChoiceField(required=False, choices=[("open", "Everything with work left"), *CaseState.choices])
    level = serializers.ChoiceField(required=False, choices=ComplaintLevel.choices)
    channel = serializers.ChoiceField(required=False, choices=ComplaintChannel.choices)
    stage = serializers.ChoiceField(required=False, choices=InstanceKind.choices)
    external_id = serializers.CharField(required=False, max_length=80, help_text="The number of another body.")


Field = Callable[[], Any]


def _text(limit: int = 2000) -> Field:
    return lambda: serializers.CharField(max_length=limit)


def _choice(choices: Any) -> Field:
    return lambda: serializers.ChoiceField(choices=choices.choices)


_ID: Field = IdField
_REQUIRED_TIME: Field = Moment
_LATER: Field = lambda: Moment(required=False, allow_null=True, default=None)  # noqa: E731
#: The body of each verb; what names a member of staff is looked up by the view.
BODIES: Mapping[str, Mapping[str, Field]] = {
    "clear": {"clear": _choice(FiveClear), "text": _text(4000), "at": _LATER},
    "raise_level": {"level": _choice(ComplaintLevel), "text": _text()},
    "regulator_time": {"due_at": _LATER, "text": _text()},
    "concern": {"staff": _ID, "text": _text()},
    "identify": {
        "owner": _text(80),
        "id": _text(80),
        "externalIdentifierType": lambda: _optional(40),
    },
    "decide": {
        "finding": _choice(Finding),
        "reasons": _text(4000),
        "remedy": _text(4000),
        "reply": _text(4000),
        "channel": _choice(Channel),
        "override": lambda: _optional(200, help_text="A supervisor's reason why it is sent all the same (K3)."),
    },
    "satisfaction": {"satisfied": serializers.BooleanField, "text": lambda: _optional(2000)},
    "escalate": {"text": _text(), "owner": lambda: IdField(required=False, help_text="One of `hearers`.")},
    "assign": {"text": _text(), "owner": _ID},
    "correct": {"owner": _ID, "text": _text(), "due_at": _REQUIRED_TIME},
    "finish_correction": {"action": _ID, "text": _text()},
    "call_in": {"staff": _ID, "text": _text(500)},
    "let_go": {"staff": _ID, "text": _text(500)},
    "reveal": {"reason": _text(200)},
}


def body_of(verb: str) -> type[StrictSerializer]:
    """The serializer of a verb's body."""
    name = "".join(part.title() for part in verb.split("_"))
    members: dict[str, Any] = {field: make() for field, make in BODIES[verb].items()}
    return type(f"Complaint{name}Serializer", (StrictSerializer,), {**members, "__doc__": f"The words of `{verb}`."})
