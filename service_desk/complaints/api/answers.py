"""How complaints are written in an answer: number and address of the complainant masked (P6)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from service_desk.cases.models import BarredWhy, CircleWhy
from service_desk.cases.rules import CaseState, Channel
from service_desk.complaints.models import Complaint, Instance
from service_desk.complaints.names import mask_address, mask_name
from service_desk.complaints.rules import (
    ComplaintChannel,
    ComplaintLevel,
    EscalatedWhy,
    Finding,
    FiveClear,
    InstanceKind,
    empty_clears,
)
from service_desk.customers.rules import mask_number
from service_desk.rest.serializers import Moment, NamedSerializer


class ComplaintLineSerializer(serializers.Serializer[Complaint]):
    """A complaint as a list shows it."""

    number = serializers.CharField(source="case.number")
    subject = serializers.CharField(source="case.subject")
    channel = serializers.ChoiceField(choices=ComplaintChannel.choices)
    level = serializers.ChoiceField(choices=ComplaintLevel.choices)
    stage = serializers.ChoiceField(choices=InstanceKind.choices)
    state = serializers.ChoiceField(source="case.state", choices=CaseState.choices)
    handler = NamedSerializer(source="case.handler")
    first_responder = NamedSerializer(source="case.first_responder")
    accepted_at = Moment(source="case.accepted_at")
    registered_at = Moment(source="case.registered_at")
    satisfied = serializers.BooleanField(allow_null=True)
    version = serializers.IntegerField()


class IdentifierSerializer(serializers.Serializer[Any]):
    """A number of another body, after TMF621's externalIdentifier."""

    owner = serializers.CharField()
    externalIdentifierType = serializers.CharField(source="type")  # noqa: N815 - TMF621's own name
    id = serializers.CharField(source="value")


class InstanceSerializer(serializers.Serializer[Instance]):
    """One step of the ladder."""

    kind = serializers.ChoiceField(choices=InstanceKind.choices)
    owner = NamedSerializer()
    why = serializers.ChoiceField(choices=EscalatedWhy.choices)
    reason = serializers.CharField()
    opened_at = Moment()
    finding = serializers.ChoiceField(choices=Finding.choices, allow_blank=True)
    reasons = serializers.CharField()
    remedy = serializers.CharField()
    reply = serializers.CharField()
    reply_channel = serializers.ChoiceField(choices=Channel.choices, allow_blank=True)
    decided_at = Moment(allow_null=True)
    passed_on_at = Moment(allow_null=True)


class ClearSerializer(serializers.Serializer[Any]):
    """One entry of the working sheet (P2)."""

    clear = serializers.ChoiceField(choices=FiveClear.choices)
    text = serializers.CharField()
    at = Moment()
    by = NamedSerializer()


class CorrectiveSerializer(serializers.Serializer[Any]):
    """A corrective action (P10)."""

    id = serializers.IntegerField(source="pk")
    text = serializers.CharField()
    owner = NamedSerializer()
    due_at = Moment()
    done_at = Moment(allow_null=True)
    done_text = serializers.CharField()


class MemberSerializer(serializers.Serializer[Any]):
    """Somebody's time in the circle (P6)."""

    staff = NamedSerializer()
    why = serializers.ChoiceField(choices=CircleWhy.choices)
    reason = serializers.CharField()
    since = Moment()
    until = Moment(allow_null=True)


class BarredSerializer(serializers.Serializer[Any]):
    """Somebody who must not know of it (P7)."""

    staff = NamedSerializer()
    why = serializers.ChoiceField(choices=BarredWhy.choices)


class RevealedSerializer(serializers.Serializer[Any]):
    """Name, number and address in full; the look is recorded with its reason."""

    name = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField()


class AcceptedSerializer(serializers.Serializer[Complaint]):
    """What everybody who accepts a complaint is told, also somebody who may not know more of it (P1, P7)."""

    number = serializers.CharField(source="case.number")
    accepted_at = Moment(source="case.accepted_at")
    may_see = serializers.SerializerMethodField(help_text="False: it concerns you or your reporting line.")

    @extend_schema_field(serializers.BooleanField())
    def get_may_see(self, complaint: Complaint) -> bool:
        return self.context["request"].user.pk in complaint.case.inner_circle


class ComplaintSerializer(ComplaintLineSerializer):
    """A complaint with everything about it; notes, promises, hand-overs and clocks are those of the case."""

    description = serializers.CharField(source="case.description")
    wanted = serializers.CharField()
    complainant = serializers.SerializerMethodField(help_text="Masked; `reveal` shows it in full.")
    about = serializers.SerializerMethodField()
    regulator_due_at = Moment(allow_null=True)
    external_identifiers = IdentifierSerializer(source="identifiers", many=True)
    instances = InstanceSerializer(many=True)
    five_clears = ClearSerializer(source="clears", many=True)
    empty_clears = serializers.SerializerMethodField(help_text="Closing is refused while one is empty (P2).")
    corrective_actions = CorrectiveSerializer(many=True)
    satisfaction_said = serializers.CharField()

    @extend_schema_field(serializers.DictField(child=serializers.CharField(allow_null=True)))
    def get_complainant(self, complaint: Complaint) -> dict[str, Any]:
        case = complaint.case
        return {
            "customer": case.customer.name,
            "name": mask_name(case.caller_name),
            "phone": mask_number(case.caller_phone) if case.caller_phone else "",
            "address": mask_address(complaint.address),
            "anonymous_reason": complaint.anonymous_reason,
        }

    @extend_schema_field(serializers.DictField(child=serializers.CharField(allow_null=True)))
    def get_about(self, complaint: Complaint) -> dict[str, Any]:
        named = {"staff": complaint.about_staff, "unit": complaint.about_unit, "product": complaint.about_product}
        about = {name: str(thing) if thing else None for name, thing in named.items()}
        return about | {
            "case": complaint.about_case.number if complaint.about_case else None,
            "service": complaint.about_service_id,
        }

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=FiveClear.choices)))
    def get_empty_clears(self, complaint: Complaint) -> list[str]:
        return [str(clear) for clear in empty_clears({entry.clear for entry in complaint.clears.all()})]
