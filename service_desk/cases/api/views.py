"""The doors of a case: register, list, show, one address per verb of `rules.MOVES`, timeline and clocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.cases import actions
from service_desk.cases.actions import Registration
from service_desk.cases.api import scopes
from service_desk.cases.api.answers import CaseLineSerializer, CaseSerializer, TimelineSerializer
from service_desk.cases.api.bulk import BulkMixin
from service_desk.cases.api.clocks import ClockSerializer, ExplanationSerializer, clocks_of
from service_desk.cases.api.requests import REQUESTS, CaseFilterSerializer, RegistrationSerializer
from service_desk.cases.api.watching import WatchingMixin
from service_desk.cases.listing import Sort, find, in_order
from service_desk.cases.models import Case, CaseEvent, RequestType
from service_desk.cases.present import nothing_yet, with_what_is_there
from service_desk.cases.rules import MOVES, Move
from service_desk.customers.models import Contact, Customer
from service_desk.kept import Kept, keep
from service_desk.people.models import ProductType, Staff
from service_desk.people.rules import READING_ROLES
from service_desk.rest.base import DeskViewSet
from service_desk.rest.etags import EtagMixin
from service_desk.rest.serializers import WHOLE_NUMBER, FilterSerializer, StrictSerializer, checked, nothing_there

_EXACT = {
    "number": "number",
    "registered_after": "registered_at__gte",
    "registered_before": "registered_at__lt",
}
#: Filters that have another name in the address of the screen.
_ON_SCREEN = {"product_type": "product", "service_line": "line", "waiting_for": "waiting"}
_READS = {
    "deadlines": scopes.CLOCKS,
    "explanation": scopes.CLOCKS,
    **dict.fromkeys(("list", "retrieve", "timeline", "watchers"), scopes.READ),
    **dict.fromkeys(("watch", "unwatch", "bulk"), scopes.WRITE),
}


@extend_schema_view(
    list=extend_schema(
        summary="Cases, newest first", parameters=[CaseFilterSerializer], responses=CaseLineSerializer(many=True)
    ),
    retrieve=extend_schema(summary="One case, with the moves allowed now", responses=CaseSerializer),
)
class CaseViewSet(BulkMixin, WatchingMixin, EtagMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """Cases of the desk."""

    queryset = Case.objects.none()
    serializer_class = CaseSerializer
    lookup_field = "number"
    lookup_value_regex = "[^/]{1,40}"
    keyset_order: tuple[str, ...] = ("-registered_at", "-id")
    if_match_actions = frozenset(MOVES)
    required_scopes = {"create": scopes.WRITE, **dict.fromkeys(MOVES, scopes.WRITE), **_READS}

    def get_queryset(self) -> QuerySet[Case]:
        if self.action == "list":
            cases, order = wanted_cases(self.request.user, self.request.query_params)
            self.keyset_order = order
            return CaseLineSerializer.needing(cases)
        return Case.objects.visible_to(self.request.user)

    def find(self) -> Case:
        """The case of this number with its names, and whether others hang together with it, by a kept question."""
        user: Any = self.request.user
        try:
            case = _visible.first(self.kwargs["number"], user.pk, reads=user.has_role(*READING_ROLES))
        except ValueError:  # no text of a database
            case = None
        if case is None or not user.is_active:
            raise Http404
        self.check_object_permissions(self.request, case)
        return case

    def get_serializer_class(self) -> Any:
        return CaseLineSerializer if self.action == "list" else CaseSerializer

    @extend_schema(summary="Register a case", request=RegistrationSerializer, responses={201: CaseSerializer})
    def create(self, request: Request) -> Response:
        """One transaction writes the case, its clocks and its timeline (C1-C3, C5, C7)."""
        case = actions.register(
            actor=request.user, data=registration(checked(RegistrationSerializer, request.data), request.user)
        )
        location = self.reverse_action("detail", [case.number])
        return self._answer(nothing_yet(case), status.HTTP_201_CREATED, Location=location)

    @extend_schema(
        summary="What happened to a case, oldest first", responses=TimelineSerializer(many=True), filters=False
    )
    @action(detail=True)
    def timeline(self, request: Request, number: str) -> Response:
        """Every line of the case's timeline, by cursor."""
        checked(FilterSerializer, request.query_params)
        self.keyset_order = ("at", "id")
        events = CaseEvent.objects.filter(case=self.get_object()).select_related("actor")
        return self.paged(events, TimelineSerializer)

    @extend_schema(summary="The clocks of a case", responses=ClockSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def deadlines(self, request: Request, number: str) -> Response:
        """All clocks of all cycles, in the order in which they fall due."""
        checked(StrictSerializer, request.query_params)
        return Response(ClockSerializer(clocks_of(self.get_object()), many=True).data)

    @extend_schema(
        summary="Why a clock is due when it is",
        parameters=[OpenApiParameter("clock", int, OpenApiParameter.PATH, pattern=f"^{WHOLE_NUMBER}$")],
        responses=ExplanationSerializer,
    )
    @action(detail=True, url_path=f"deadlines/(?P<clock>{WHOLE_NUMBER})/explanation", pagination_class=None)
    def explanation(self, request: Request, number: str, clock: str) -> Response:
        """Segment by segment from the start to the due time: what counted, what did not, and why (D9)."""
        checked(StrictSerializer, request.query_params)
        rows = clocks_of(self.get_object()).select_related("policy", "calendar_version", "case")
        found: Any = get_object_or_404(rows, pk=clock)
        return Response(ExplanationSerializer(found.explain(found.asked_at)).data)

    def paged(self, rows: QuerySet[Any], serializer: Any) -> Response:
        """A page of rows other than cases."""
        return self.get_paginated_response(serializer(self.paginate_queryset(rows), many=True).data)

    def _answer(self, case: Case, code: int = status.HTTP_200_OK, **headers: str) -> Response:
        self.show_version(case.version)
        return Response(self.get_serializer(case).data, code, headers=headers)


def wanted_cases(user: Any, parameters: Any) -> tuple[QuerySet[Case], tuple[str, ...]]:
    """The cases that this person may know of and asks for and their order, by the same questions as the screen."""
    given = {name: value for name, value in checked(CaseFilterSerializer, parameters).items() if value}
    exact = {lookup: given.pop(name) for name, lookup in _EXACT.items() if name in given}
    sort = Sort(given.pop("sort", Sort.NEWEST))
    given = {_ON_SCREEN.get(name, name): value for name, value in given.items()}
    if "answer" in given:
        given["answer"] = tuple(given["answer"].split(":", 1))
    found = find(user, given)
    if exact:
        found = replace(found.dressed(lambda cases: cases.filter(**exact)), many=False)
    return in_order(found, sort)


def registration(given: dict[str, Any], actor: Any) -> Registration:
    """The numbers of a request as the things themselves; refuses by name what is not there."""
    by_name = "customer_name" in given
    customer = _customer_named.first(given["customer_name"]) if by_name else _customer.first(given["customer"])
    if customer is None:
        raise nothing_there("customer_name" if by_name else "customer", _("Look it up under /api/v1/customers/?q=…"))
    return Registration(
        customer=customer,
        product_type=_one(_product_type, given, "product_type"),
        fault=given["fault"],
        accepted_at=given["accepted_at"],
        severity=given["severity"],
        description=given["description"],
        contact=_one(_contact, given, "contact", customer.pk),
        caller_name=given["caller_name"],
        caller_phone=given["caller_phone"],
        first_responder=_responder(given, actor),
        request_type=_one(_request_type, given, "request_type"),
        request_values=given.get("request_values", {}),
        told_once=given["told_once"],
        read_back=given.get("read_back"),
        read_back_reason=given.get("read_back", {}).get("reason", ""),
    )


@keep
def _visible(number: str, person: int, *, reads: bool) -> QuerySet[Case]:
    cases = Case.objects.known_to(person, reads=reads).for_page().select_related("registered_by", "request_type")
    return with_what_is_there(cases.filter(number=number).order_by(), ties_alone=True)


@keep
def _customer(number: int) -> QuerySet[Customer]:
    return Customer.objects.filter(is_active=True, pk=number).order_by()[:1]


@keep
def _customer_named(name: str) -> QuerySet[Customer]:
    return Customer.objects.filter(is_active=True, name=name).order_by("pk")[:1]


@keep
def _product_type(number: int) -> QuerySet[ProductType]:
    return ProductType.objects.filter(is_active=True, pk=number).order_by()[:1]


@keep
def _contact(number: int, customer: int) -> QuerySet[Contact]:
    return Contact.objects.filter(customer=customer, pk=number).order_by()[:1]


@keep
def _request_type(number: int) -> QuerySet[RequestType]:
    return RequestType.objects.offered().filter(pk=number).order_by()[:1]


@keep
def _member_of_staff(number: int) -> QuerySet[Staff]:
    return Staff.objects.filter(is_active=True, pk=number).order_by()[:1]


def _one(question: Kept[Any], given: dict[str, Any], field: str, *more: int) -> Any:
    """The thing with the given number; None when none is given."""
    if field not in given:
        return None
    thing = question.first(given[field], *more)
    if thing is None:
        raise nothing_there(field)
    return thing


def _responder(given: dict[str, Any], actor: Any) -> Any:
    if given.get("first_responder") in (None, actor.pk):
        return actor
    return _one(_member_of_staff, given, "first_responder")


def _door(verb: str, move: Move) -> Any:
    """The address of one verb: POST with the version that the caller has seen (If-Match)."""

    def post(self: CaseViewSet, request: Request, number: str) -> Response:
        seen = self.get_object()
        given = checked(REQUESTS[verb], request.data)
        case = getattr(actions, verb)(case=seen, actor=request.user, version=self.expected_version, **given)
        return self._answer(_with_names(case, seen))

    post.__name__ = verb
    post.__doc__ = f"{move.label}."
    words = REQUESTS[verb] if REQUESTS[verb]().fields else None
    door = action(detail=True, methods=["post"], url_path=verb)(post)
    # Outermost: `action` would throw the description away.
    return extend_schema(summary=str(move.label), request=words, responses=CaseSerializer)(door)


def _with_names(case: Case, seen: Case) -> Case:
    """Hand over the names read with the case before the change: no verb moves customer, product or people."""
    for name in ("customer", "product_type", "handler", "first_responder", "registered_by", "request_type"):
        if getattr(case, f"{name}_id") == getattr(seen, f"{name}_id"):
            setattr(case, name, getattr(seen, name))
    return case


for _verb, _move in MOVES.items():
    setattr(CaseViewSet, _verb, _door(_verb, _move))
