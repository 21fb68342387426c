"""REST: webhook endpoints, their deliveries, and what can be subscribed to; an administrator's matter."""

from __future__ import annotations

from typing import Any

from django.urls import path, re_path
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.people.access import require
from service_desk.people.second_step import demand_proof
from service_desk.rest.base import DeskViewSet
from service_desk.rest.serializers import (
    WHOLE_NUMBER,
    FilterSerializer,
    IdField,
    Moment,
    StrictSerializer,
    checked,
)
from service_desk.webhooks import actions, kinds
from service_desk.webhooks.models import Endpoint, Post
from service_desk.webhooks.rules import PauseReason, PostState
from service_desk.webhooks.scopes import READ, WRITE


class WebhookEndpointSerializer(serializers.Serializer[Endpoint]):
    """Where another program listens, and how it is doing; the secret is never shown again."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    url = serializers.CharField()
    types = serializers.ListField(child=serializers.CharField())
    is_active = serializers.BooleanField()
    pause_reason = serializers.ChoiceField(choices=PauseReason.choices, allow_blank=True)
    paused_at = Moment(allow_null=True)
    last_success_at = Moment(allow_null=True)
    failing_since = Moment(allow_null=True)
    last_error = serializers.CharField()
    two_secrets = serializers.BooleanField(source="previous_secret", help_text="The secret before signs as well.")
    created_at = Moment()


class WebhookIssuedSerializer(WebhookEndpointSerializer):
    """An endpoint with its new secret: shown this once."""

    secret = serializers.CharField()


class NewWebhookEndpointSerializer(StrictSerializer):
    """An endpoint to be set up."""

    set_by_desk = frozenset({"id", "secret", "created_at", "last_success_at", "failing_since"})

    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=2000, help_text="https, and not in a private network.")
    types = serializers.ListField(child=serializers.CharField(max_length=64), min_length=1, max_length=100)


class ChangedWebhookEndpointSerializer(StrictSerializer):
    """What is to be changed; what is left out stays."""

    set_by_desk = NewWebhookEndpointSerializer.set_by_desk

    name = serializers.CharField(max_length=80, required=False)
    url = serializers.CharField(max_length=2000, required=False)
    types = serializers.ListField(
        child=serializers.CharField(max_length=64), min_length=1, max_length=100, required=False
    )
    is_active = serializers.BooleanField(required=False)


class WebhookSinceSerializer(StrictSerializer):
    """From when on to deliver again."""

    since = Moment()
    missed_only = serializers.BooleanField(default=True, help_text="Leave out what the endpoint has taken.")


class WebhookCountSerializer(serializers.Serializer[Any]):
    """How many deliveries are on their way again."""

    count = serializers.IntegerField()


class WebhookTrySerializer(serializers.Serializer[Any]):
    """One answer, cut."""

    at = serializers.CharField()
    status = serializers.IntegerField(required=False)
    ms = serializers.IntegerField(required=False)
    error = serializers.CharField(required=False)
    answer = serializers.CharField(required=False)


class WebhookDeliverySerializer(serializers.Serializer[Post]):
    """An event on its way to an endpoint, with the last answers."""

    id = serializers.IntegerField()
    endpoint = serializers.IntegerField(source="endpoint_id")
    event = serializers.CharField(source="event.key", help_text="The webhook-id under which every try goes.")
    type = serializers.CharField()
    state = serializers.ChoiceField(choices=PostState.choices)
    attempts = serializers.IntegerField()
    next_try_at = Moment(source="due_at", allow_null=True)
    sent_at = Moment(allow_null=True)
    happened_at = Moment(source="event.created_at")
    data = serializers.SerializerMethodField()  # type: ignore[assignment]  # a field of the answer
    tries = WebhookTrySerializer(many=True)

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_data(self, row: Post) -> dict[str, Any]:
        return dict(row.event.data)


class WebhookDeliveryFilterSerializer(FilterSerializer):
    """The filters of the delivery log."""

    endpoint = IdField(required=False)
    state = serializers.ChoiceField(choices=PostState.choices, required=False)


class WebhookTypeSerializer(serializers.Serializer[Any]):
    """A type of event, with an example of its data."""

    type = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of the answer
    also = serializers.ListField(child=serializers.CharField(), help_text="Other names it can be subscribed to by.")
    example = serializers.DictField()


class WebhookListenerSerializer(StrictSerializer):
    """A listener as TMF621 registers it."""

    set_by_desk = frozenset({"id", "secret"})

    callback = serializers.CharField(max_length=2000, help_text="https, and not in a private network.")
    query = serializers.CharField(
        max_length=4000,
        required=False,
        allow_blank=True,
        help_text="Events, as in eventType=case.closed,call.ended; without it, all of them.",
    )


class WebhookListenerIssuedSerializer(serializers.Serializer[Any]):
    """The listener's endpoint; its secret is shown this once."""

    id = serializers.CharField()
    callback = serializers.CharField()
    query = serializers.CharField()
    secret = serializers.CharField()


class _AdministratorsOnly(DeskViewSet):
    lookup_value_regex = WHOLE_NUMBER

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        require(request.user, "webhook.administer")
        if request.method not in SAFE_METHODS:
            demand_proof(request)


@extend_schema_view(
    list=extend_schema(summary="Webhook endpoints"),
    retrieve=extend_schema(summary="A webhook endpoint and how it is doing"),
)
class EndpointViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, _AdministratorsOnly):
    """Where other programs listen."""

    queryset = Endpoint.objects.all()
    serializer_class = WebhookEndpointSerializer
    keyset_order = ("name",)
    http_method_names = ["get", "head", "post", "patch", "delete"]
    required_scopes = {"list": READ, "retrieve": READ, "types": READ, "*": WRITE}

    @extend_schema(
        summary="Set an endpoint up", request=NewWebhookEndpointSerializer, responses={201: WebhookIssuedSerializer}
    )
    def create(self, request: Request) -> Response:
        """Its secret is in the answer, this once."""
        given = actions.NewEndpoint(**checked(NewWebhookEndpointSerializer, request.data))
        issued = actions.create_endpoint(actor=_person(request), data=given)
        there = self.reverse_action("detail", [issued.endpoint.pk])
        return Response(_issued(issued), status.HTTP_201_CREATED, headers={"Location": there})

    @extend_schema(summary="Change it", request=ChangedWebhookEndpointSerializer, responses=WebhookEndpointSerializer)
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Name, address, events; `is_active` switches it off and on again."""
        row, given = self.get_object(), checked(ChangedWebhookEndpointSerializer, request.data)
        if given.keys() - {"is_active"}:
            data = actions.NewEndpoint(*(given.get(name, getattr(row, name)) for name in ("name", "url", "types")))
            row = actions.change_endpoint(actor=_person(request), endpoint=row, data=data)
        if "is_active" in given:
            row = actions.switch_endpoint(actor=_person(request), endpoint=row, on=given["is_active"])
        return Response(WebhookEndpointSerializer(row).data)

    @extend_schema(summary="Take it away, with its deliveries", responses={204: None})
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """What was on its way does not go out any more."""
        actions.remove_endpoint(actor=_person(request), endpoint=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Issue a new secret", request=None, responses=WebhookIssuedSerializer)
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, pk: Any = None) -> Response:
        """Both sign until the old one is retired."""
        return Response(_issued(actions.rotate_secret(actor=_person(request), endpoint=self.get_object())))

    @extend_schema(summary="End the old secret", request=None, responses=WebhookEndpointSerializer)
    @action(detail=True, methods=["post"], url_path="retire-secret")
    def retire_secret(self, request: Request, pk: Any = None) -> Response:
        """From now on only the newest signs."""
        row = actions.retire_old_secret(actor=_person(request), endpoint=self.get_object())
        return Response(WebhookEndpointSerializer(row).data)

    @extend_schema(summary="Send a test event", request=None, responses={202: WebhookDeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: Any = None) -> Response:
        """To this endpoint alone, whatever it has subscribed to."""
        post = actions.send_test(actor=_person(request), endpoint=self.get_object())
        return Response(_post(post.pk), status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Deliver again since a moment", request=WebhookSinceSerializer, responses={202: WebhookCountSerializer}
    )
    @action(detail=True, methods=["post"])
    def redeliver(self, request: Request, pk: Any = None) -> Response:
        """What it has missed since then, or all of it; at most 10 000 at once, oldest first."""
        given = checked(WebhookSinceSerializer, request.data)
        count = actions.redeliver_since(actor=_person(request), endpoint=self.get_object(), **given)
        return Response({"count": count}, status.HTTP_202_ACCEPTED)

    @extend_schema(summary="What can be subscribed to", responses=WebhookTypeSerializer(many=True), filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def types(self, request: Request) -> Response:
        """Every type of event with an example."""
        return Response(
            [
                {"type": kind.code, "label": str(kind.label), "also": list(kind.also), "example": kind.example}
                for kind in kinds.known().values()
            ]
        )


@extend_schema_view(
    list=extend_schema(summary="The delivery log, newest first", parameters=[WebhookDeliveryFilterSerializer]),
    retrieve=extend_schema(summary="A delivery with its answers"),
)
class PostViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, _AdministratorsOnly):
    """Deliveries to webhook endpoints."""

    queryset = Post.objects.with_all()
    serializer_class = WebhookDeliverySerializer
    keyset_order = ("-id",)
    required_scopes = {"list": READ, "retrieve": READ, "redeliver": WRITE}

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action != "list":
            return queryset
        return queryset.filter(**checked(WebhookDeliveryFilterSerializer, self.request.query_params))

    @extend_schema(summary="Deliver it again", request=None, responses={202: WebhookDeliverySerializer})
    @action(detail=True, methods=["post"])
    def redeliver(self, request: Request, pk: Any = None) -> Response:
        """Under the same id."""
        post = actions.redeliver(actor=_person(request), post=self.get_object())
        return Response(_post(post.pk), status.HTTP_202_ACCEPTED)


class HubViewSet(_AdministratorsOnly):
    """The second door, for programs that speak TMF621: the same endpoints."""

    queryset = Endpoint.objects.all()
    serializer_class = WebhookListenerIssuedSerializer
    http_method_names = ["post", "delete"]
    required_scopes = {"*": WRITE}

    @extend_schema(
        summary="Register a listener (TMF621)",
        request=WebhookListenerSerializer,
        responses={201: WebhookListenerIssuedSerializer},
    )
    def create(self, request: Request) -> Response:
        """The same as setting an endpoint up, under a name made of its address."""
        given = checked(WebhookListenerSerializer, request.data)
        issued = actions.register_listener(
            actor=_person(request), callback=given["callback"], query=given.get("query", "")
        )
        row = issued.endpoint
        told = {"id": str(row.pk), "callback": row.url, "query": f"eventType={','.join(row.types)}"}
        there = self.reverse_action("detail", [row.pk])
        return Response({**told, "secret": issued.secret}, status.HTTP_201_CREATED, headers={"Location": there})

    @extend_schema(summary="Take a listener away (TMF621)", responses={204: None})
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """With its deliveries."""
        actions.remove_endpoint(actor=_person(request), endpoint=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _person(request: Request) -> Any:
    return request.user


def _issued(issued: actions.Issued) -> dict[str, Any]:
    return {**WebhookEndpointSerializer(issued.endpoint).data, "secret": issued.secret}


def _post(pk: int) -> Any:
    return WebhookDeliverySerializer(Post.objects.with_all().get(pk=pk)).data


router_entries = [
    ("webhook-endpoints", EndpointViewSet, "webhook-endpoint"),
    ("webhook-deliveries", PostViewSet, "webhook-delivery"),
    ("hub", HubViewSet, "webhook-hub"),
]
#: TMF621 writes no slash at the end.
urlpatterns = [
    path("hub", HubViewSet.as_view({"post": "create"}, schema=None, basename="api-webhook-hub")),
    re_path(rf"^hub/(?P<pk>{WHOLE_NUMBER})$", HubViewSet.as_view({"delete": "destroy"}, schema=None)),
]
