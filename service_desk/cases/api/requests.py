"""What the requests to the desk may hold: a registration, the filters of the list, and the words of each verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from service_desk.cases.actions.progress import LONGEST
from service_desk.cases.listing import OPEN, UNGRADED, Period, Sort
from service_desk.cases.models import Case
from service_desk.cases.rules import MOVES, CaseState, Channel, Move, Relation, Severity, WaitingFor
from service_desk.people.models import Staff
from service_desk.rest.serializers import FilterSerializer, IdField, Moment, StrictSerializer

_MOST_ANSWERS = 100
#: What a caller may read of a case and never send (C2, C3, C5): refused by name, with the reason.
SET_BY_DESK = frozenset(field.name for field in Case._meta.concrete_fields) | {"allowed_moves", "emergency_is_running"}


class ReadBackSerializer(StrictSerializer):
    """Which facts were read back to the caller (C15); `reason` says why one was not."""

    phone = serializers.BooleanField(required=False, default=False)
    name = serializers.BooleanField(required=False, default=False)
    address = serializers.BooleanField(required=False, default=False)
    matter = serializers.BooleanField(required=False, default=False)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")


class AnswersField(serializers.DictField):
    """The answers to the fields of a request type, by their keys; what each may hold is said by its type."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and len(data) > _MOST_ANSWERS:
            raise serializers.ValidationError(_("There are too many answers."), code="too_many")
        return super().to_internal_value(data)


class RegistrationSerializer(StrictSerializer):
    """A call to be registered: the customer by number or by exact name, the product, the fault (C1)."""

    set_by_desk = SET_BY_DESK

    customer = IdField(required=False)
    customer_name = serializers.CharField(required=False, max_length=120, help_text="The exact name, instead.")
    product_type = IdField()
    fault = serializers.CharField(max_length=120, help_text="The fault in brief; becomes part of the subject.")
    description = serializers.CharField(required=False, allow_blank=True, max_length=8000, default="")
    severity = serializers.ChoiceField(
        required=False,
        allow_null=True,
        default=None,
        choices=Severity.choices,
        help_text="Once and for ever; only by the first responder who is qualified for the product type (C2).",
    )
    accepted_at = Moment(
        required=False, allow_null=True, default=None, help_text="When the customer called; now, when left out (C3)."
    )
    first_responder = IdField(required=False, help_text="Who first received the customer; the caller, when left out.")
    contact = IdField(required=False, help_text="A contact of the customer unit.")
    caller_name = serializers.CharField(required=False, allow_blank=True, max_length=80, default="")
    caller_phone = serializers.CharField(required=False, allow_blank=True, max_length=60, default="")
    request_type = IdField(required=False, help_text="What sort of request it is; see /api/v1/request-types/.")
    request_values = AnswersField(
        required=False, help_text="The answers to the fields of the request type, by their keys."
    )
    told_once = serializers.BooleanField(
        required=False, default=False, help_text="The customer was told the materials and steps of the type (C16)."
    )
    read_back = ReadBackSerializer(
        required=False, help_text="Leave it out when nobody was there to read back to; the case says so (C15)."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("customer" in attrs) == ("customer_name" in attrs):
            words = _("Give either 'customer' or 'customer_name'.")
            raise serializers.ValidationError({"customer": [words]}, code="required")
        return attrs


class CaseFilterSerializer(FilterSerializer):
    """The filters of the list of cases."""

    q = serializers.CharField(
        required=False, max_length=120, help_text="A case number, a telephone number, a customer, a product, words."
    )
    number = serializers.CharField(required=False, max_length=24, help_text="The exact case number.")
    state = serializers.ChoiceField(
        required=False, choices=[(OPEN, _("Everything with work left")), *CaseState.choices]
    )
    severity = serializers.ChoiceField(required=False, choices=[(UNGRADED, _("Not graded")), *Severity.choices])
    customer = IdField(required=False)
    product_type = IdField(required=False)
    handler = IdField(required=False)
    unit = IdField(required=False, help_text="Held by somebody of this unit or of one below it.")
    service_line = serializers.SlugField(required=False, max_length=30)
    request_type = IdField(required=False)
    answer = serializers.RegexField(
        r"^[a-z][a-z0-9_]{0,29}:.{1,200}$",
        required=False,
        help_text="A field of the request type and its value: key:value.",
    )
    waiting_for = serializers.ChoiceField(required=False, choices=WaitingFor.choices)
    period = serializers.ChoiceField(
        required=False, choices=Period.choices, help_text="Days of registration, in the desk's zone."
    )
    registered_after = Moment(required=False)
    registered_before = Moment(required=False)
    mine = serializers.BooleanField(required=False, help_text="Only those I hold or first responded to.")
    emergency = serializers.BooleanField(required=False, help_text="Only those with a running emergency process.")
    overdue = serializers.BooleanField(required=False, help_text="Only those with an open clock past its due time.")
    late = serializers.BooleanField(required=False, help_text="Only those registered late (C3).")
    watched = serializers.BooleanField(required=False, help_text="Only those that I watch.")
    promised = serializers.BooleanField(required=False, help_text="Only those with an open promise (C11).")
    no_merged = serializers.BooleanField(required=False, help_text="Without those merged into another (D5).")
    no_children = serializers.BooleanField(required=False, help_text="Without children of another.")
    sort = serializers.ChoiceField(
        required=False,
        choices=Sort.choices,
        help_text="Newest first, when left out. By deadline only cases with a running clock are listed.",
    )


class ClockFilterSerializer(FilterSerializer):
    """The filters of the list of open clocks."""

    due_before = Moment(required=False)
    handler = IdField(required=False)


class StaffField(IdField):
    """An active member of staff by number."""

    default_error_messages = {"unknown": _("There is no such member of staff.")}

    def to_internal_value(self, data: Any) -> Any:
        number = super().to_internal_value(data)
        super().run_validators(number)
        person = Staff.objects.filter(pk=number, is_active=True).first()
        if person is None:
            self.fail("unknown")
        return person

    def run_validators(self, value: Any) -> None:
        """The number has been checked before it was looked up; a person has no lowest and highest."""


def _text(longest: int = 8000, **options: Any) -> serializers.Field[Any, Any, Any, Any]:
    return serializers.CharField(max_length=longest, **options)


_FIELDS: Mapping[str, Callable[[], serializers.Field[Any, Any, Any, Any]]] = {
    "severity": lambda: serializers.ChoiceField(choices=Severity.choices),
    "channel": lambda: serializers.ChoiceField(choices=Channel.choices),
    "waiting_for": lambda: serializers.ChoiceField(choices=WaitingFor.choices),
    "level": lambda: serializers.ChoiceField(choices=Severity.choices),
    "start_process": lambda: serializers.BooleanField(required=False, default=False),
    "receiver": lambda: StaffField(help_text="The number of the member of staff who is to take the case over."),
    "expert": lambda: StaffField(help_text="The number of somebody qualified for the product type."),
    "done": lambda: _text(4000),
    "remaining": lambda: _text(4000),
    "promised": lambda: _text(4000),
    "not_mine": lambda: serializers.BooleanField(required=False, default=False),
    "due_at": lambda: Moment(help_text="Until when; a promise without a time is not accepted (C11)."),
    "promise": lambda: IdField(help_text="The number of an open promise of this case."),
    "into": lambda: _text(40, help_text="The number of the case that goes on for both (D5)."),
    "other": lambda: _text(40, help_text="The number of the other case."),
    "relation": lambda: serializers.ChoiceField(choices=Relation.choices, help_text="What the other is to this case."),
    "request_type": lambda: IdField(required=False, allow_null=True, default=None, help_text="Left out: none."),
    "minutes": lambda: serializers.IntegerField(min_value=0, max_value=LONGEST, help_text="0: none is agreed (C12)."),
    "fault": lambda: _text(120),
    "fault_returned": lambda: serializers.BooleanField(
        required=False, default=True, help_text="False: service runs, so restoration is not due again (D4)."
    ),
}
#: Words that the customer hears or reads: a supervisor may let pass what the language check stops (K3).
_OVERRIDE: Mapping[str, Callable[[], serializers.Field[Any, Any, Any, Any]]] = {
    "override": lambda: _text(
        200,
        required=False,
        allow_blank=True,
        default="",
        help_text="A supervisor's reason why it is sent all the same.",
    )
}
# What a verb takes besides the fields that `MOVES` demands, or in another form.
_ALSO: Mapping[str, Mapping[str, Callable[[], serializers.Field[Any, Any, Any, Any]]]] = {
    "arrive": {"text": lambda: _text(required=False, allow_blank=True, default="")},
    "observe": {"level": _FIELDS["level"], "start_process": _FIELDS["start_process"]},
    "wait": {"text": lambda: _text(500)},
    "cancel": {"text": lambda: _text(2000)},
    "reopen": {"text": lambda: _text(2000), "fault_returned": _FIELDS["fault_returned"]},
    "interval": {"text": lambda: _text(2000)},
    "merge": {"text": lambda: _text(2000)},
    "retype": {
        "text": lambda: _text(2000),
        "request_values": lambda: AnswersField(
            required=False, default=dict, help_text="The answers to the fields of the request type, by their keys."
        ),
    },
    "split": {"product_type": lambda: IdField(required=False, help_text="The same as this case's, when left out.")},
    "decline": {"text": lambda: _text(2000), "not_mine": _FIELDS["not_mine"]},
    "tell": _OVERRIDE,
    "reply": _OVERRIDE,
    "promise": {"text": lambda: _text(500), **_OVERRIDE},
    "keep": {"text": lambda: _text(2000)},
    "postpone": {"text": lambda: _text(2000), **_OVERRIDE},
    "ask": {"text": lambda: _text(4000)},
    "answer": {"text": lambda: _text(4000)},
}


def request_of(verb: str, move: Move) -> type[StrictSerializer]:
    """The serializer of a verb's request, made from the table of moves."""
    fields = {name: _FIELDS.get(name, _text)() for name in move.fields}
    fields |= {name: make() for name, make in _ALSO.get(verb, {}).items()}
    members: dict[str, Any] = {"__doc__": str(move.label), "set_by_desk": SET_BY_DESK - fields.keys(), **fields}
    return type(f"Case{verb.title().replace('_', '')}Serializer", (StrictSerializer,), members)


REQUESTS: Mapping[str, type[StrictSerializer]] = {verb: request_of(verb, move) for verb, move in MOVES.items()}
