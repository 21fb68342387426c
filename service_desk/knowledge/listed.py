"""What every list of this room is to REST: filters of one shape, refused when unknown, and a place for what is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import mixins, status
from rest_framework.response import Response

from service_desk.rest.base import DeskViewSet
from service_desk.rest.serializers import FilterSerializer, checked


class ListedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DeskViewSet):
    """Things of one kind, listed by filters and read one by one."""

    #: The filters of the list, and the field of each that looks elsewhere than under its own name.
    filters: ClassVar[type[FilterSerializer]] = FilterSerializer
    fields_of: ClassVar[Mapping[str, str]] = {}

    def filter_queryset(self, queryset: Any) -> Any:
        if self.action != "list":
            return queryset
        wanted = checked(self.filters, self.request.query_params)
        return queryset.filter(**{self.fields_of.get(name, name): value for name, value in wanted.items()})

    def made(self, pk: Any) -> Response:
        """The answer to making one: the whole of it, and where it stands."""
        there = self.reverse_action("detail", [pk])
        whole = self.get_queryset().get(pk=pk)
        shown = self.serializer_class(whole)  # type: ignore[misc]  # each list names its shape
        return Response(shown.data, status.HTTP_201_CREATED, headers={"Location": there})
