"""Gives each REST list pages by cursor: no count, no page numbers, links to what lies before and after."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from service_desk.rest.errors import Invalid
from service_desk.rest.keyset import BadCursor, Page, first_page, page

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200


class KeysetPagination(BasePagination):
    """Pages a view's queryset in the order of its `keyset_order` (default: newest first by primary key).

    A view whose first page is asked for all the time may give it by a kept question of its own, `first_rows(most)`.
    """

    default_limit = DEFAULT_LIMIT
    largest_limit = LARGEST_LIMIT
    page: Page[Any]
    request: Request

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.request = request
        order: Sequence[str] = getattr(view, "keyset_order", ("-pk",))
        after, before = request.query_params.get("after"), request.query_params.get("before")
        if after and before:
            raise Invalid(_("Give 'after' or 'before', not both."), field="before", code="contradictory")
        try:
            rows = getattr(view, "first_rows", None)
            if rows is not None and not (after or before):
                self.page = first_page(queryset, order=order, size=self._limit(), rows=rows)
            else:
                self.page = page(queryset, order=order, size=self._limit(), after=after, before=before)
        except BadCursor as error:
            raise Invalid(
                _("This cursor was not given out by this list."),
                field="after" if after else "before",
                code="bad_cursor",
                remedy=_("Start at the first page, and follow the links 'next' and 'previous'."),
            ) from error
        return self.page.items

    def get_paginated_response(self, data: Any) -> Response:
        following, preceding = self._link("after", self.page.next), self._link("before", self.page.previous)
        links = [f'<{url}>; rel="{rel}"' for rel, url in (("next", following), ("prev", preceding)) if url]
        return Response(
            {"results": data, "next": following, "previous": preceding},
            headers={"Link": ", ".join(links)} if links else None,
        )

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": link, "previous": link},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": self.largest_limit, "default": self.default_limit}
        cursor = {"type": "string"}
        return [
            _query("limit", "How many rows a page has at most.", limit),
            _query("after", "The cursor of the link 'next' of the page before.", cursor),
            _query("before", "The cursor of the link 'previous' of the page after.", cursor),
        ]

    def _limit(self) -> int:
        text = self.request.query_params.get("limit")
        if text is None:
            return self.default_limit
        limit = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
        if not 1 <= limit <= self.largest_limit:
            raise Invalid(
                _("The limit is a whole number from 1 to %(largest)d.") % {"largest": self.largest_limit},
                field="limit",
                code="out_of_range",
            )
        return limit

    def _link(self, parameter: str, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        url = self.request.build_absolute_uri()
        for other in ("after", "before"):
            url = remove_query_param(url, other)
        return replace_query_param(url, parameter, cursor)


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
