"""REST: customer units by name, initials or number; their numbers stay masked (P6)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.customers.actions import add_customer
from service_desk.customers.models import Contact, Customer, InstalledProduct, PhoneNumber
from service_desk.people.access import require
from service_desk.rest.base import DeskViewSet
from service_desk.rest.scopes import register
from service_desk.rest.serializers import WHOLE_NUMBER, FilterSerializer, NamedSerializer, StrictSerializer, checked

READ = register("customers:read", _("Read customers; their numbers stay masked"))
WRITE = register("customers:write", _("Add customers"))


class CustomerLineSerializer(serializers.Serializer[Customer]):
    """A customer unit as a list shows it."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    region = serializers.CharField()
    is_active = serializers.BooleanField()


class NumberSerializer(serializers.Serializer[PhoneNumber]):
    """A number, masked: 138****1234."""

    id = serializers.IntegerField()
    masked = serializers.CharField(source="__str__")
    contact = serializers.IntegerField(source="contact_id", allow_null=True)


class ContactSerializer(serializers.Serializer[Contact]):
    """Somebody who calls for the customer unit."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    title = serializers.CharField()


class InstalledSerializer(serializers.Serializer[InstalledProduct]):
    """A product in use at the customer's."""

    id = serializers.IntegerField()
    product_type = NamedSerializer()
    model = serializers.CharField()
    serial = serializers.CharField()
    location = serializers.CharField()
    installed_on = serializers.DateField(allow_null=True)


class CustomerSerializer(CustomerLineSerializer):
    """A customer unit with its contacts, its masked numbers and the products it uses."""

    address = serializers.CharField()
    contacts = ContactSerializer(many=True)
    numbers = NumberSerializer(many=True)
    products = InstalledSerializer(many=True)


class CustomerFilterSerializer(FilterSerializer):
    """The filters of the list of customers."""

    q = serializers.CharField(
        required=False, max_length=120, help_text="Part of the name, the beginning of its pinyin initials, or a number."
    )


class NewCustomerSerializer(StrictSerializer):
    """A customer unit that calls for the first time."""

    set_by_desk = frozenset({"id", "is_active", "created_at", "initials", "grams"})

    name = serializers.CharField(max_length=120)
    number = serializers.CharField(
        required=False, allow_blank=True, max_length=200, default="", help_text="One or several, as written."
    )
    address = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")


@extend_schema_view(
    list=extend_schema(
        summary="Active customer units by name",
        parameters=[CustomerFilterSerializer],
        responses=CustomerLineSerializer(many=True),
    ),
    retrieve=extend_schema(summary="A customer unit", responses=CustomerSerializer),
)
class CustomerViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """Customer units."""

    queryset = Customer.objects.none()
    serializer_class = CustomerSerializer
    lookup_value_regex = WHOLE_NUMBER
    keyset_order = ("name",)
    required_scopes = {"list": READ, "retrieve": READ, "create": WRITE}

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        require(request.user, "customer.view")

    def get_serializer_class(self) -> Any:
        return CustomerLineSerializer if self.action == "list" else CustomerSerializer

    def get_queryset(self) -> QuerySet[Customer]:
        if self.action == "list":
            return Customer.objects.filter(is_active=True)
        return _whole()

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action != "list":
            return queryset
        text = checked(CustomerFilterSerializer, self.request.query_params).get("q")
        return queryset.suggest(text) if text else queryset

    @extend_schema(summary="Add a customer unit", request=NewCustomerSerializer, responses={201: CustomerSerializer})
    def create(self, request: Request) -> Response:
        """A customer unit that calls for the first time, with the number it calls from."""
        made = add_customer(actor=request.user, **checked(NewCustomerSerializer, request.data))
        answer = self.get_serializer(_whole().get(pk=made.pk)).data
        there = self.reverse_action("detail", [made.pk])
        return Response(answer, status.HTTP_201_CREATED, headers={"Location": there})


def _whole() -> QuerySet[Customer]:
    found: QuerySet[Customer] = Customer.objects.prefetch_related("contacts", "numbers", "products__product_type")
    return found


router_entries = [("customers", CustomerViewSet, "customer")]
