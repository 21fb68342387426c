"""REST: one's own notices, and acknowledging."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.kept import keep
from service_desk.notices.actions import acknowledge, may_acknowledge
from service_desk.notices.kinds import render
from service_desk.notices.models import Delivery, Notice, NoticeQuerySet
from service_desk.notices.permissions import SCOPE_READ, SCOPE_WRITE
from service_desk.notices.rules import AckVia, Level, error_words
from service_desk.rest.base import DeskViewSet
from service_desk.rest.errors import Invalid


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One channel a notice went out by."""

    error = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = ["channel", "state", "attempts", "repeat_possible", "sent_at", "error"]
        read_only_fields = fields

    def get_error(self, row: Delivery) -> str:
        return str(error_words(row.last_error))


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """A notice in the caller's language."""

    subject = serializers.SerializerMethodField()
    body = serializers.SerializerMethodField()
    recipient = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    instead_of = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    acked_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True, allow_null=True)
    acked_via = serializers.ChoiceField(choices=AckVia.choices, allow_blank=True, read_only=True)
    facts = serializers.SerializerMethodField()
    deliveries = DeliverySerializer(many=True, read_only=True)

    class Meta:
        model = Notice
        fields = [
            "key", "kind", "level", "subject", "body", "about", "link", "recipient", "slot", "instead_of", "fallback",
            "facts", "created_at", "late_by_seconds", "needs_ack", "repeat_no", "acked_at", "acked_by", "acked_via",
            "stopped_at", "read_at", "deliveries",
        ]  # fmt: skip
        read_only_fields = fields

    def get_subject(self, row: Notice) -> str:
        return render(row.kind, row.facts).subject

    def get_body(self, row: Notice) -> str:
        return render(row.kind, row.facts).body

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_facts(self, row: Notice) -> dict[str, Any]:
        return {name: value for name, value in row.facts.items() if not name.startswith("_")}


def _of(person: Any) -> NoticeQuerySet:
    mine: NoticeQuerySet = Notice.objects.filter(recipient=person)
    return mine.select_related("recipient", "instead_of", "acked_by").prefetch_related("deliveries")


def _only(notices: NoticeQuerySet, show: str | None, level: str | None) -> NoticeQuerySet:
    if show == "unread":
        notices = notices.unread()
    elif show == "waiting":
        notices = notices.waiting()
    return notices.filter(level=level) if level else notices


@keep
def _newest(person: int, *, show: str, level: str, most: int) -> NoticeQuerySet:
    return _only(_of(person), show, level).order_by("-id")[:most]


class NoticeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """The caller's own notices, newest first."""

    serializer_class = NoticeSerializer
    queryset = Notice.objects.none()
    lookup_field = "key"
    lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    keyset_order = ("-id",)
    required_scopes = {"list": SCOPE_READ, "retrieve": SCOPE_READ, "acknowledge": SCOPE_WRITE}

    def get_queryset(self) -> Any:
        return _of(self.request.user)

    def first_rows(self, most: int) -> list[Notice]:
        """By a kept question: programs that hold no stream open ask for it all the time."""
        show, level = self.request.query_params.get("show"), self.request.query_params.get("level")
        return _newest(int(self.request.user.pk or 0), show=show or "", level=level or "", most=most)

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action != "list":
            return queryset
        show, level = self.request.query_params.get("show"), self.request.query_params.get("level")
        if show not in (None, "unread", "waiting"):
            raise Invalid(_("Choose 'unread' or 'waiting'."), field="show", code="unknown_choice")
        if level is not None and level not in Level.values:
            raise Invalid(_("There is no such level."), field="level", code="unknown_choice")
        return _only(queryset, show, level)

    @extend_schema(
        parameters=[
            OpenApiParameter("show", str, enum=["unread", "waiting"], description="Only these."),
            OpenApiParameter("level", str, enum=Level.values, description="Only of this level."),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The caller's own notices, newest first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, key: Any = None) -> Response:
        """Acknowledge the notice and all its repeats; doing it again changes nothing and answers the same."""
        user: Any = request.user
        notice = Notice.objects.select_related("recipient", "instead_of", "acked_by").filter(key=key).first()
        if notice is None or (notice.recipient_id != user.pk and not may_acknowledge(user, notice)):
            raise Http404
        acknowledge(notice=notice, actor=user, via=AckVia.REST)
        fresh = Notice.objects.select_related("recipient", "instead_of", "acked_by").get(pk=notice.pk)
        return Response(self.get_serializer(fresh).data)


router_entries = [("notices", NoticeViewSet, "notice")]
