"""The views that every REST door is built on, so that no room can forget one of the ground's checks."""

from typing import Any

from rest_framework.generics import GenericAPIView
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from service_desk.rest.clean import CleanParametersMixin
from service_desk.rest.idempotency import IdempotentMixin


class DeskViewMixin(IdempotentMixin, CleanParametersMixin):
    """Clean parameters, idempotent POST, and no methods but those that are documented."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]


class DeskAPIView(DeskViewMixin, APIView):
    """A plain REST view."""


class DeskGenericView(DeskViewMixin, GenericAPIView[Any]):
    """A REST view over a queryset, for DRF's generic mixins."""


class DeskViewSet(DeskViewMixin, GenericViewSet[Any]):
    """A REST viewset; add DRF's mixins for list and retrieve, and one `@action` per verb."""
