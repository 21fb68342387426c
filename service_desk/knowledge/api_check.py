"""REST: the check itself, which five hundred people ask while they type, so that little may stand around it (K3).

A question that is as it should be is read as it is and answered as it is: filling DRF's serializers in both
directions took longer than the check. Whatever is odd in a question goes through the serializer, which says what.
"""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from service_desk.knowledge.current import check_text
from service_desk.knowledge.language.check import Answer, Finding
from service_desk.knowledge.rules import Direction, Speaker, Weight
from service_desk.knowledge.shapes import LONGEST_TEXT, CheckAnswerSerializer, CheckSerializer
from service_desk.people.access import require
from service_desk.rest.base import DeskAPIView
from service_desk.rest.scopes import register
from service_desk.rest.serializers import checked

CHECK = register("language:check", _("Have texts checked against the phrasebook"))
_DIRECTIONS, _SPEAKERS = frozenset(Direction.values), frozenset(Speaker.values)
_USUAL = frozenset({"text", "direction", "speaker", "newest"})


class CheckView(DeskAPIView):
    """The language check (K3)."""

    required_scopes = {"post": CHECK}

    @extend_schema(
        summary="Check one text or several",
        operation_id="language_check_create",
        request=CheckSerializer,
        responses={200: CheckAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        """What the texts say that must not be said; nothing is kept."""
        require(request.user, "language.check")
        texts, newest = _asked(request.data)
        # The newest release is asked for once; the texts that follow are held against the same one.
        answers = [check_text(**one, newest=newest and not number) for number, one in enumerate(texts)]
        return Response(
            {"release": min(answer.release for answer in answers), "results": [_shown(answer) for answer in answers]}
        )


def _asked(data: Any) -> tuple[list[dict[str, str]], bool]:
    """The texts with their directions and speakers, and whether the newest release is wanted."""
    if not _is_usual(data):
        given = checked(CheckSerializer, data)
        if "texts" in given:
            return given["texts"], given["newest"]
        data = given
    one = {"text": data["text"], "direction": data["direction"], "speaker": data.get("speaker", Speaker.AGENT.value)}
    return [one], data.get("newest", False)


def _is_usual(data: Any) -> bool:
    """Whether this is one text in which nothing needs to be converted, completed or refused."""
    if type(data) is not dict or not data.keys() <= _USUAL:
        return False
    text, direction = data.get("text"), data.get("direction")
    return (
        type(text) is str
        and len(text) <= LONGEST_TEXT
        and type(direction) is str
        and direction in _DIRECTIONS
        and (type(speaker := data.get("speaker", "agent")) is str and speaker in _SPEAKERS)
        and type(data.get("newest", False)) is bool
    )


def _shown(answer: Answer) -> dict[str, Any]:
    """As `CheckedSerializer` describes it."""
    return {
        "findings": [_finding(found) for found in answer.findings],
        "blocks": any(found.severity == Weight.BLOCK for found in answer.findings),
    }


def _finding(found: Finding) -> dict[str, Any]:
    """As `FoundWordsSerializer` describes it: all but the release, which the answer has once."""
    return {
        "start": found.start,
        "end": found.end,
        "phrase": found.phrase,
        "entry": found.entry,
        "form": found.form,
        "category": found.category,
        "group": found.group,
        "severity": found.severity,
        "how": found.how,
        "suggestions": found.suggestions,
    }


urlpatterns = [path("language/check/", CheckView.as_view(), name="api-language-check")]
