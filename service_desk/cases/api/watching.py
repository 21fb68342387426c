"""Watching a case through REST: two verbs that repeat harmlessly, and the list of those who watch."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.cases import actions
from service_desk.cases.actions.watching import watchers_of
from service_desk.cases.models.watching import WatchReason
from service_desk.rest.serializers import Moment, NamedSerializer, StrictSerializer, checked


class WatchSerializer(serializers.Serializer[Any]):
    """One person who watches."""

    staff = NamedSerializer()
    since = Moment()
    reason = serializers.ChoiceField(choices=WatchReason.choices)


class NothingSerializer(StrictSerializer):
    """A body without members."""


class WatchingMixin:
    """`watchers`, `watch` and `unwatch` of a case."""

    get_object: Any

    @extend_schema(summary="Who watches a case", responses=WatchSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def watchers(self, request: Request, number: str) -> Response:
        """Those who are told of what happens to it and may see it."""
        checked(StrictSerializer, request.query_params)
        return Response(WatchSerializer(watchers_of(self.get_object()), many=True).data)

    @extend_schema(summary="Watch a case", request=None, responses=WatchSerializer(many=True), filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def watch(self, request: Request, number: str) -> Response:
        """The caller is told of what happens to the case from now on."""
        checked(NothingSerializer, request.data)
        case = self.get_object()
        actions.watch(case=case, actor=request.user)
        return Response(WatchSerializer(watchers_of(case), many=True).data)

    @extend_schema(summary="Stop watching a case", request=None, responses=WatchSerializer(many=True), filters=False)
    @action(detail=True, methods=["post"], pagination_class=None)
    def unwatch(self, request: Request, number: str) -> Response:
        """The caller is told no more."""
        checked(NothingSerializer, request.data)
        case = self.get_object()
        actions.unwatch(case=case, actor=request.user)
        return Response(WatchSerializer(watchers_of(case), many=True).data)
