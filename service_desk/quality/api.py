"""REST: violations: list, read, verify, dismiss, object, answer (C4); the ledger's lines of each are with it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.people.access import require
from service_desk.quality import actions
from service_desk.quality.models import Violation
from service_desk.quality.rules import Offence, Share, ViolationState
from service_desk.rest.base import DeskViewSet
from service_desk.rest.scopes import register
from service_desk.rest.serializers import (
    WHOLE_NUMBER,
    FilterSerializer,
    Moment,
    NamedSerializer,
    StrictSerializer,
    checked,
)

READ = register("violations:read", _("Read violations"))
WRITE = register("violations:write", _("Decide about violations, and object to them"))


class LedgerLineSerializer(serializers.Serializer[Any]):
    """A line of the ledger."""

    staff = NamedSerializer()
    share = serializers.ChoiceField(choices=Share.choices, allow_blank=True)
    month = serializers.DateField()
    points = serializers.IntegerField()
    yuan = serializers.IntegerField()
    at = Moment()


class ViolationLineSerializer(serializers.Serializer[Violation]):
    """A violation as it stands in the list; it names no customer."""

    id = serializers.IntegerField()
    offence = serializers.ChoiceField(choices=Offence.choices)
    state = serializers.ChoiceField(choices=ViolationState.choices)
    person = NamedSerializer()
    chief = NamedSerializer(allow_null=True)
    unit = NamedSerializer(allow_null=True)
    source = serializers.CharField(  # type: ignore[assignment]  # a field of the answer
        help_text="Where it was found: call:<id>, case:<id>, complaint:<id>, or in words."
    )
    happened_at = Moment()
    found_at = Moment()
    objected_at = Moment(allow_null=True)
    answered_at = Moment(allow_null=True)
    upheld = serializers.BooleanField(allow_null=True)


class ViolationSerializer(ViolationLineSerializer):
    """A violation with its reasons and its lines of the ledger."""

    detail = serializers.CharField()
    found_by = NamedSerializer(allow_null=True)
    decided_by = NamedSerializer(allow_null=True)
    decided_at = Moment(allow_null=True)
    decision = serializers.CharField()
    objection = serializers.CharField()
    answered_by = NamedSerializer(allow_null=True)
    answer = serializers.CharField()
    entries = LedgerLineSerializer(many=True)


class ViolationFilterSerializer(FilterSerializer):
    """The filters of the list."""

    state = serializers.ChoiceField(choices=ViolationState.choices, required=False)
    offence = serializers.ChoiceField(choices=Offence.choices, required=False)


class ViolationReasonSerializer(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=2000)


class ObjectionAnswerSerializer(StrictSerializer):
    """Whether the objection is upheld, and why."""

    upheld = serializers.BooleanField()
    reason = serializers.CharField(max_length=2000)


@extend_schema_view(
    list=extend_schema(
        summary="Violations, newest first",
        parameters=[ViolationFilterSerializer],
        responses=ViolationLineSerializer(many=True),
    ),
    retrieve=extend_schema(summary="A violation"),
)
class ViolationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """Everybody sees what concerns them; those who watch over quality see all."""

    queryset = Violation.objects.none()
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("-found_at", "-id")
    required_scopes = {"list": READ, "retrieve": READ, "*": WRITE}

    def get_serializer_class(self) -> Any:
        return ViolationLineSerializer if self.action == "list" else ViolationSerializer

    def get_queryset(self) -> Any:
        require(self.request.user, "violation.view")
        rows = Violation.objects.visible_to(self.request.user).select_related("person", "chief", "unit")
        if self.action == "list":
            return rows
        return rows.select_related("found_by", "decided_by", "answered_by").prefetch_related("entries__staff")

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action != "list":
            return queryset
        return queryset.filter(**checked(ViolationFilterSerializer, self.request.query_params))

    @extend_schema(summary="Verify it", request=ViolationReasonSerializer, responses=ViolationSerializer)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: Any = None) -> Response:
        """It counts from now on: the person and the section chief carry it."""
        given = checked(ViolationReasonSerializer, request.data)
        return self._did(actions.verify(violation=self.get_object(), actor=request.user, **given))

    @extend_schema(summary="Dismiss it", request=ViolationReasonSerializer, responses=ViolationSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: Any = None) -> Response:
        """It was none."""
        given = checked(ViolationReasonSerializer, request.data)
        return self._did(actions.dismiss(violation=self.get_object(), actor=request.user, **given))

    @extend_schema(summary="Object to it", request=ViolationReasonSerializer, responses=ViolationSerializer)
    @action(detail=True, methods=["post"], url_path="object")
    def objection(self, request: Request, pk: Any = None) -> Response:
        """Once, by the person concerned, before the month closes."""
        reason = checked(ViolationReasonSerializer, request.data)["reason"]
        return self._did(actions.object_to(violation=self.get_object(), actor=request.user, text=reason))

    @extend_schema(summary="Answer the objection", request=ObjectionAnswerSerializer, responses=ViolationSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: Any = None) -> Response:
        """Upheld, every line is taken back by a further one."""
        given = checked(ObjectionAnswerSerializer, request.data)
        upheld, reason = given["upheld"], given["reason"]
        found = self.get_object()
        return self._did(actions.answer_objection(violation=found, actor=request.user, upheld=upheld, text=reason))

    def _did(self, violation: Violation) -> Response:
        return Response(ViolationSerializer(self.get_queryset().get(pk=violation.pk)).data)


router_entries = [("violations", ViolationViewSet, "violation")]
