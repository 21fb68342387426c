"""REST: what a new policy version would move on running clocks, and applying exactly that list (D8)."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.deadlines import applying, preview
from service_desk.deadlines.models import Policy, Rollout
from service_desk.deadlines.preview import Line, lines_of
from service_desk.deadlines.rules import ClockKind, RolloutState
from service_desk.people.access import require
from service_desk.rest.base import DeskViewSet
from service_desk.rest.scopes import register
from service_desk.rest.serializers import LARGEST_ID, WHOLE_NUMBER, Moment, StrictSerializer, checked, nothing_there

WRITE = register("deadlines:write", _("List and apply changes of running clocks"))
SHOWN = 200


class LineSerializer(serializers.Serializer[Any]):
    """One clock of the list; only those whose cases the caller may know of are listed."""

    case = serializers.CharField(help_text="The number of the case.")
    kind = serializers.ChoiceField(choices=ClockKind.choices)
    before = Moment(help_text="Due now.")
    after = Moment(allow_null=True, help_text="Due then; null: paused, known when it resumes.")
    fires = serializers.CharField(help_text="The step that would be raised at once; empty: none.")
    late = serializers.BooleanField(help_text="Its time would be over at once.")
    stays = serializers.BooleanField(help_text="It keeps its version, whatever is applied.")


class ChangeSerializer(serializers.Serializer[Rollout]):
    """A change laid on running clocks: listed, then confirmed with the token of the list."""

    id = serializers.IntegerField()
    policy = serializers.IntegerField(source="policy_id", allow_null=True)
    calendar = serializers.IntegerField(source="calendar_id", allow_null=True)
    state = serializers.ChoiceField(choices=RolloutState.choices)
    token = serializers.CharField(help_text="Names exactly this list; send it to apply.")
    clocks = serializers.SerializerMethodField(help_text="All clocks concerned.")
    moves = serializers.SerializerMethodField(help_text="How many would be due at another time.")
    skipped = serializers.SerializerMethodField(help_text="Left as they were when it was applied.")
    more = serializers.BooleanField(help_text="There are more; apply these, then list again.")
    lines = serializers.SerializerMethodField()
    made_at = Moment()
    done_at = Moment(allow_null=True)

    @extend_schema_field(serializers.IntegerField())
    def get_clocks(self, row: Rollout) -> int:
        return len(row.lines)

    @extend_schema_field(serializers.IntegerField())
    def get_moves(self, row: Rollout) -> int:
        return sum(line.moves for line in lines_of(row))

    @extend_schema_field(serializers.IntegerField())
    def get_skipped(self, row: Rollout) -> int:
        return len(row.skipped)

    @extend_schema_field(LineSerializer(many=True))
    def get_lines(self, row: Rollout) -> Any:
        """The first 200 that the caller may see."""
        user = self.context["request"].user
        shown = preview.visible(lines_of(row), user)[:SHOWN] if row.lines else []
        subjects = preview.subjects(shown, user) if shown else {}
        told = [self._line(line, subjects[line.label, line.clock].title) for line in shown]
        return LineSerializer(told, many=True).data

    @staticmethod
    def _line(line: Line, case: str) -> dict[str, Any]:
        return {
            "case": case,
            "kind": line.kind,
            "before": line.before,
            "after": line.after,
            "fires": line.fires,
            "late": line.late,
            "stays": line.stays,
        }


class NewChangeSerializer(StrictSerializer):
    """Which policy version, in force, is to be laid on the clocks that run by earlier ones."""

    policy = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)


class ApplySerializer(StrictSerializer):
    """The token of the list that was looked at."""

    token = serializers.CharField(max_length=64)


@extend_schema_view(retrieve=extend_schema(summary="A change of running clocks with its list"))
class ChangeViewSet(mixins.RetrieveModelMixin, DeskViewSet):
    """Changes of running clocks; made and applied by administrators, read by auditors too."""

    queryset = Rollout.objects.select_related("policy", "calendar__current", "base", "version")
    serializer_class = ChangeSerializer
    lookup_value_regex = WHOLE_NUMBER
    required_scopes = {"retrieve": WRITE, "create": WRITE, "apply": WRITE}

    def get_object(self) -> Rollout:
        require(self.request.user, "rollout.view")
        found: Rollout = super().get_object()
        return found

    @extend_schema(summary="List what would move", request=NewChangeSerializer, responses={201: ChangeSerializer})
    def create(self, request: Request) -> Response:
        """Nothing moves yet; a long list is made by a worker, then `state` is `preparing` for some seconds."""
        wanted = checked(NewChangeSerializer, request.data)
        policy = Policy.objects.filter(pk=wanted["policy"]).first()
        if policy is None:
            raise nothing_there("policy")
        made = applying.preview_policy(policy=policy, actor=request.user)
        return Response(self.get_serializer(made).data, status=201)

    @extend_schema(summary="Apply exactly what was listed", request=ApplySerializer, responses=ChangeSerializer)
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: Any = None) -> Response:
        """412 when anything of the list has changed since: then list again. Twice does no more than once."""
        token = checked(ApplySerializer, request.data)["token"]
        row = Rollout.objects.filter(pk=pk).first()
        if row is None:
            raise Http404
        return Response(self.get_serializer(applying.confirm(rollout=row, actor=request.user, token=token)).data)


router_entries = [("clock-changes", ChangeViewSet, "clock-change")]
