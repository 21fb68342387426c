"""The doors of complaints: accept, list, show, one address per verb. Whoever is in no circle is told nothing (P6)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.cases.models import Case
from service_desk.cases.rules import OPEN_STATES
from service_desk.complaints import actions
from service_desk.complaints.actions import Acceptance, Identifier
from service_desk.complaints.api import scopes
from service_desk.complaints.api.answers import (
    AcceptedSerializer,
    BarredSerializer,
    ComplaintLineSerializer,
    ComplaintSerializer,
    MemberSerializer,
    RevealedSerializer,
)
from service_desk.complaints.api.requests import BODIES, AcceptanceSerializer, ComplaintFilterSerializer, body_of
from service_desk.complaints.circle import hearers
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import next_instance
from service_desk.customers.models import Contact, Customer
from service_desk.people.models import ProductType, ServiceLine, Staff, Unit
from service_desk.people.second_step import demand_proof
from service_desk.rest.base import DeskViewSet
from service_desk.rest.etags import EtagMixin
from service_desk.rest.serializers import NamedSerializer, StrictSerializer, checked, nothing_there

#: Verbs that change the complaint and so name the version that they were made from.
_MOVES = tuple(verb for verb in BODIES if verb not in ("reveal", "identify"))
_CALLED = {"clear": actions.write_clear}
_NOT_VERSIONED = frozenset({"identify"})
_FILTERS = {
    "level": "case__level",
    "channel": "channel",
    "stage": "stage",
    "external_id": "identifiers__value",
}


@extend_schema_view(
    list=extend_schema(
        summary="Complaints of your circles, newest first",
        parameters=[ComplaintFilterSerializer],
        responses=ComplaintLineSerializer(many=True),
    ),
    retrieve=extend_schema(summary="One complaint", responses=ComplaintSerializer),
)
class ComplaintViewSet(EtagMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """Complaints. Whoever is not in the circle of one gets 404, the same as for a number that never was."""

    queryset = Complaint.objects.none()
    serializer_class = ComplaintSerializer
    lookup_field = "case__number"
    lookup_url_kwarg = "number"
    lookup_value_regex = "[^/]{1,40}"
    keyset_order: tuple[str, ...] = ("-case_id",)
    if_match_actions = frozenset(_MOVES)
    required_scopes = {
        **dict.fromkeys(("list", "retrieve", "circle", "barred", "hearers"), scopes.READ),
        **dict.fromkeys(("create", *BODIES), scopes.WRITE),
    }

    def get_queryset(self) -> QuerySet[Complaint]:
        found = Complaint.objects.visible_to(self.request.user).for_page()
        if self.action == "list":
            return self._filtered(found)
        return found.select_related("about_staff", "about_unit", "about_product", "about_case").prefetch_related(
            "identifiers", "instances__owner", "clears__by", "corrective_actions__owner"
        )

    def _filtered(self, found: QuerySet[Complaint]) -> QuerySet[Complaint]:
        given = {
            name: value
            for name, value in checked(ComplaintFilterSerializer, self.request.query_params).items()
            if value
        }
        state = given.pop("state", "")
        if state:
            found = found.filter(case__state__in=OPEN_STATES if state == "open" else [state])
        found = found.filter(**{_FILTERS[name]: value for name, value in given.items() if name in _FILTERS})
        return found.distinct() if "external_id" in given else found

    def get_serializer_class(self) -> Any:
        return ComplaintLineSerializer if self.action == "list" else ComplaintSerializer

    @extend_schema(summary="Accept a complaint", request=AcceptanceSerializer, responses={201: AcceptedSerializer})
    def create(self, request: Request) -> Response:
        """Anybody's verb (P1). Who is concerned accepts it too, and is told its number and nothing more (P7)."""
        given = checked(AcceptanceSerializer, request.data)
        made = actions.accept(actor=request.user, data=acceptance(given, request.user))
        self.show_version(made.case.version)
        answer = AcceptedSerializer(made, context=self.get_serializer_context()).data
        address = self.reverse_action("detail", [made.case.number])
        return Response(answer, status.HTTP_201_CREATED, headers={"Location": address})

    @extend_schema(summary="Who is and was in the circle", responses=MemberSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def circle(self, request: Request, number: str) -> Response:
        """Who joined, why, by whom, and until when."""
        checked(StrictSerializer, request.query_params)
        members = self.get_object().case.circle.select_related("staff")
        return Response(MemberSerializer(members, many=True).data)

    @extend_schema(summary="Who must not know of it", responses=BarredSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def barred(self, request: Request, number: str) -> Response:
        """The people it is about and their reporting lines (P7)."""
        checked(StrictSerializer, request.query_params)
        return Response(BarredSerializer(self.get_object().case.barred.select_related("staff"), many=True).data)

    @extend_schema(summary="Who may decide the next instance", responses=NamedSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def hearers(self, request: Request, number: str) -> Response:
        """Those alone who neither decided nor handled it, nor report to who did (P5)."""
        checked(StrictSerializer, request.query_params)
        complaint = self.get_object()
        kind = next_instance(complaint.stage)
        return Response(NamedSerializer(hearers(complaint, kind) if kind else [], many=True).data)

    @extend_schema(summary="Name, number and address in full", request=body_of("reveal"), responses=RevealedSerializer)
    @action(detail=True, methods=["post"])
    def reveal(self, request: Request, number: str) -> Response:
        """The look is recorded with its reason (P6)."""
        demand_proof(request)
        given = checked(body_of("reveal"), request.data)
        shown = actions.reveal(complaint=self.get_object(), actor=request.user, **given)
        return Response(RevealedSerializer(shown).data)

    def answer(self, complaint: Complaint) -> Response:
        """The complaint as it stands now, or what is left to say to one who no longer knows of it."""
        found = self.get_queryset().filter(pk=complaint.pk).first()
        if found is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        self.show_version(found.version)
        return Response(ComplaintSerializer(found, context=self.get_serializer_context()).data)


def acceptance(given: dict[str, Any], user: Any) -> Acceptance:
    """The numbers of a request as the things themselves; refuses by name what is not there."""
    customer = _one(Customer.objects.filter(is_active=True), given, "customer")
    contacts = Contact.objects.filter(customer__is_active=True)
    plain = ("channel", "level", "matter", "wanted", "description", "name", "phone", "address", "anonymous_reason")
    times = ("accepted_at", "next_reply_at", "regulator_due_at")
    return Acceptance(
        **{name: given[name] for name in (*plain, *times)},
        customer=customer,
        contact=_one(contacts.filter(customer=customer) if customer else contacts, given, "contact"),
        about_case=_one(Case.objects.visible_to(user), given, "about_case", by="number"),
        about_staff=_one(Staff.objects.all(), given, "about_staff"),
        about_unit=_one(Unit.objects.all(), given, "about_unit"),
        about_product=_one(ProductType.objects.filter(is_active=True), given, "about_product"),
        about_service=_one(ServiceLine.objects.all(), given, "about_service"),
        identifiers=[
            Identifier(one["owner"], one["id"], one["externalIdentifierType"]) for one in given["external_identifiers"]
        ],
        read_back=given.get("read_back"),
        read_back_reason=given.get("read_back", {}).get("reason", ""),
    )


def _one(things: QuerySet[Any], given: dict[str, Any], field: str, by: str = "pk") -> Any:
    """The thing with the given number; None when none is given."""
    if field not in given:
        return None
    thing = things.filter(**{by: given[field]}).first()
    if thing is None:
        raise nothing_there(field)
    return thing


def _door(verb: str) -> Any:
    """The address of one verb: POST with the version that the caller has seen (If-Match)."""
    body = body_of(verb)

    def post(self: ComplaintViewSet, request: Request, number: str) -> Response:
        seen = self.get_object()
        given = checked(body, request.data)
        for name in ("staff", "owner"):
            if verb != "identify" and name in given:
                given[name] = _one(Staff.objects.filter(is_active=True), given, name)
        if verb == "identify":
            given = {"owner": given["owner"], "value": given["id"], "type": given["externalIdentifierType"]}
        else:
            given["version"] = self.expected_version
        call = _CALLED.get(verb) or getattr(actions, verb)
        call(complaint=seen, actor=request.user, **given)
        return self.answer(seen)

    post.__name__ = verb
    post.__doc__ = f"The verb `{verb}`."
    door = action(detail=True, methods=["post"], url_path=verb)(post)
    # 204: whoever lets themselves go no longer knows of it
    answers = {200: ComplaintSerializer, 204: None}
    return extend_schema(summary=verb.replace("_", " ").capitalize(), request=body, responses=answers)(door)


for _verb in BODIES:
    if _verb != "reveal":
        setattr(ComplaintViewSet, _verb, _door(_verb))
