"""The views that every REST door is built on, so that no room can forget one of the ground's checks."""

from typing import Any

from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from service_desk.rest.clean import demand_clean
from service_desk.rest.idempotency import IdempotentMixin


class CleanParametersMixin(APIView):
    """Refuses unclean text in the path and in the query before the view looks at either."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        demand_clean(self.kwargs)
        demand_clean(request.query_params)
        super().initial(request, *args, **kwargs)


class DeskViewMixin(IdempotentMixin, CleanParametersMixin):
    """Clean parameters, idempotent POST, and no methods but those that are documented."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]


class DeskAPIView(DeskViewMixin, APIView):
    """A plain REST view."""


class DeskGenericView(DeskViewMixin, GenericAPIView[Any]):
    """A REST view over a queryset, for DRF's generic mixins."""


class DeskViewSet(DeskViewMixin, GenericViewSet[Any]):
    """A REST viewset; add DRF's mixins for list and retrieve, and one `@action` per verb."""
