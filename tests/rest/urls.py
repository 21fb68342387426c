"""A tiny REST interface that uses every part of the ground: what the tests of `rest` call."""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from service_desk.audit.actions import record
from service_desk.audit.models import AuditEntry
from service_desk.rest import problems, scopes
from service_desk.rest.base import DeskAPIView, DeskViewSet
from service_desk.rest.errors import Conflict, Invalid, NotAllowed, NotFound
from service_desk.rest.etags import EtagMixin
from service_desk.rest.models import ApiKey

READ = scopes.register("notes:read", "阅读便条")
WRITE = scopes.register("notes:write", "书写便条")

# What the handler of POST /notes/ does halfway, between its change and its answer; a test may put something here.
halfway: list[Callable[[], None]] = []


class PartSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=10)


class NoteSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=100)
    parts = PartSerializer(many=True, required=False)


class WrittenSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    text = serializers.CharField()


class EntrySerializer(serializers.ModelSerializer[AuditEntry]):
    class Meta:
        model = AuditEntry
        fields = ["id", "verb", "thing"]


class NoteViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """Notes; each is an audit entry and nothing more."""

    queryset = AuditEntry.objects.all()
    serializer_class = EntrySerializer
    keyset_order = ("-id",)
    required_scopes = {"list": READ, "retrieve": READ, "create": WRITE, "refuse": WRITE}

    def get_serializer_class(self) -> Any:
        return NoteSerializer if self.action in {"create", "refuse"} else EntrySerializer

    @extend_schema(responses={201: WrittenSerializer})
    def create(self, request: Request) -> Response:
        given = NoteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with transaction.atomic():
            entry = record(verb="note.write", thing=given.validated_data["text"], actor=request.user)
            for step in halfway:
                step()
        location = f"/api/v1/notes/{entry.pk}/"
        return Response({"id": entry.pk, "text": entry.thing}, status.HTTP_201_CREATED, headers={"Location": location})

    @extend_schema(responses={200: WrittenSerializer})
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> HttpResponse:
        """Writes, then answers with an error without raising one."""
        with transaction.atomic():
            record(verb="note.refuse", thing="note:1", actor=request.user)
        return problems.ProblemResponse(409, "Always refused.", code="refused")

    @extend_schema(request=None, responses=PartSerializer)
    @action(detail=False, methods=["post"])
    def unscoped(self, request: Request) -> Response:
        """Names no scope."""
        return Response({"name": "sessions"})


class KeySerializer(serializers.ModelSerializer[ApiKey]):
    class Meta:
        model = ApiKey
        fields = ["id", "name"]


class KeyViewSet(EtagMixin, mixins.RetrieveModelMixin, mixins.UpdateModelMixin, DeskViewSet):
    """API keys by name, whose name is their version as well."""

    queryset = ApiKey.objects.order_by("id")
    serializer_class = KeySerializer
    version_field = "name"
    required_scopes = {"*": READ}

    def perform_update(self, serializer: Any) -> None:
        self.show_version(serializer.save().name)


REFUSALS: dict[str, Callable[[], Exception]] = {
    "conflict": lambda: Conflict("It has no outcome.", code="no_outcome", remedy="Record one.", extra={"case": 7}),
    "not-allowed": lambda: NotAllowed("Not your case.", verb="note.close", thing="note:7"),
    "not-found": lambda: NotFound(),
    "invalid": lambda: Invalid.fields({"subject": "Too long.", "parts/0/name": "Missing."}),
    "defect": lambda: RuntimeError("a secret of the inside"),
}


@extend_schema(exclude=True)
class StopView(DeskAPIView):
    """Stops in the way the path names."""

    required_scopes = {"get": READ}

    def get(self, request: Request, how: str) -> Response:
        if how == "database":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(10)")
        if how == "echo":
            return Response({"q": request.query_params.get("q")})
        raise REFUSALS[how]()


def unknown(request: HttpRequest) -> HttpResponse:
    """Any other path under /api/."""
    return problems.not_found(request)


router = SimpleRouter()
router.register("notes", NoteViewSet)
router.register("keys", KeyViewSet)
urlpatterns = [
    path("api/v1/", include(router.urls)),
    path("api/v1/stop/<str:how>/", StopView.as_view()),
    path("api/v1/schema/", SpectacularAPIView.as_view()),
    re_path("^api/", unknown),
]
handler500 = problems.server_error
