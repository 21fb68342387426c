"""Turns whatever stops a REST request into an RFC 9457 problem: which field, why, and what to do; never internals."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.views import set_rollback

from service_desk.audit.actions import record_refusal
from service_desk.audit.context import current
from service_desk.loop import connection_lost
from service_desk.rest.errors import NOTHING_HERE, FieldError, NotAllowed, Refusal

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TYPE_BASE = "/api/v1/problems/"

# status: (the end of the type URI, title). The status decides the type; `code` tells apart what shares a status.
KINDS: dict[int, tuple[str, Promise]] = {
    400: ("validation", _("The request is not valid")),
    401: ("authentication", _("Authentication is needed")),
    403: ("permission", _("This is not permitted")),
    404: ("not-found", _("There is no such thing")),
    405: ("method-not-allowed", _("This method does not exist here")),
    406: ("not-acceptable", _("No acceptable form of the answer")),
    409: ("conflict", _("The present state does not allow this")),
    412: ("stale", _("It was changed in the meantime")),
    413: ("too-large", _("The request is too large")),
    415: ("unsupported-media-type", _("The form of the request is not supported")),
    422: ("idempotency-mismatch", _("The Idempotency-Key was used for another request")),
    428: ("precondition-required", _("A precondition is required")),
    429: ("throttled", _("Too many requests")),
    500: ("internal", _("The desk made a mistake")),
    503: ("unavailable", _("The desk cannot answer just now")),
}
UNAVAILABLE_RETRY_SECONDS = 2


class ProblemResponse(HttpResponse):
    """A problem, written as JSON whatever renderer the view has."""

    def __init__(
        self,
        status: int,
        detail: Any,
        *,
        code: str,
        errors: Sequence[FieldError] = (),
        remedy: Any = "",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        kind, title = KINDS.get(status) or KINDS[400 if status < 500 else 500]
        body: dict[str, Any] = {
            **(extra or {}),
            "type": f"{TYPE_BASE}{kind}",
            "title": str(title),
            "status": status,
            "detail": str(detail),
            "code": code,
        }
        if remedy:
            body["remedy"] = str(remedy)
        if request_id := current().request_id:
            body["instance"] = f"urn:request:{request_id}"
        if errors:
            body["errors"] = [_error_body(error) for error in errors]
        text = json.dumps(body, cls=DjangoJSONEncoder, ensure_ascii=False)
        # A lone surrogate from the input may sit in a message; it has no UTF-8 form.
        super().__init__(text.encode("utf-8", "replace"), content_type=CONTENT_TYPE, status=status)
        self.problem = body


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """DRF's hook: the problem for an exception, or None for a defect, which then goes to `server_error`."""
    response = _problem_of(error)
    if response is None:
        return None
    set_rollback()
    if isinstance(error, NotAllowed):
        request = context.get("request")
        record_refusal(
            verb=error.verb, thing=error.thing, actor=getattr(request, "user", None), reason=str(error.reason)
        )
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The answer to an unknown path under /api/."""
    return ProblemResponse(404, _("There is nothing at this address."), code="not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """The answer to a defect under /api/: its number for the log, and no more."""
    return ProblemResponse(
        500,
        _("The request could not be finished because of a defect; nothing was changed by it."),
        code="internal",
        remedy=_("Tell the administrator the request number."),
    )


def _problem_of(error: Exception) -> HttpResponse | None:
    for kind, answer in _ANSWERS:
        if isinstance(error, kind):
            return answer(error)
    return _unavailable(error) if connection_lost(error) else None


def _from_refusal(error: Refusal) -> HttpResponse:
    response = ProblemResponse(
        error.status, error.message, code=error.code, errors=error.errors, remedy=error.remedy, extra=error.extra
    )
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _from_drf(error: exceptions.APIException) -> HttpResponse:
    if isinstance(error, exceptions.ValidationError):
        return _invalid(list(_drf_errors(error.detail)))
    code = error.get_codes()
    response = ProblemResponse(error.status_code, error.detail, code=code if isinstance(code, str) else "invalid")
    if header := getattr(error, "auth_header", None):
        response.headers["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        response.headers["Retry-After"] = str(int(wait))
    return response


def _unavailable(error: Exception) -> HttpResponse:
    logger.error("The database did not answer", exc_info=error)
    response = ProblemResponse(
        503,
        _("The database does not answer; nothing was changed by this request."),
        code="unavailable",
        remedy=_("Send it again, with the same Idempotency-Key if it had one."),
    )
    response.headers["Retry-After"] = str(UNAVAILABLE_RETRY_SECONDS)
    return response


def _invalid(errors: list[FieldError]) -> HttpResponse:
    first = errors[0].message if errors else _("The request is not valid.")
    detail = first if len(errors) == 1 else _("Several fields are not valid; see 'errors'.")
    return ProblemResponse(400, detail, code="invalid", errors=errors)


def _django_errors(error: DjangoValidationError) -> Iterator[FieldError]:
    by_field = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    for field, found in by_field.items():
        for one in found:
            name = "" if field == "__all__" else field
            yield FieldError(name, one.messages[0], one.code or "invalid")


def _drf_errors(detail: Any, path: str = "") -> Iterator[FieldError]:
    """Each message of DRF's nested detail with the path to its field, such as `contacts/0/name`."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _drf_errors(inner, "/".join(part for part in (path, name) if part))
    elif isinstance(detail, list | tuple):
        for number, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list | tuple)
            yield from _drf_errors(inner, "/".join(part for part in (path, str(number)) if part) if nested else path)
    else:
        yield FieldError(path, detail, getattr(detail, "code", "invalid"))


def _error_body(error: FieldError) -> dict[str, str]:
    body = {"field": error.field, "code": error.code, "message": str(error.message)}
    if error.remedy:
        body["remedy"] = str(error.remedy)
    return body


_ANSWERS: list[tuple[type[Exception], Callable[[Any], HttpResponse]]] = [
    (Refusal, _from_refusal),
    (exceptions.APIException, _from_drf),
    (DjangoValidationError, lambda error: _invalid(list(_django_errors(error)))),
    (Http404, lambda _error: ProblemResponse(404, NOTHING_HERE, code="not_found")),
    (PermissionDenied, lambda _error: ProblemResponse(403, _("This is not permitted."), code="permission_denied")),
    (RequestDataTooBig, lambda _error: ProblemResponse(413, _("The request body is too large."), code="too_large")),
]
