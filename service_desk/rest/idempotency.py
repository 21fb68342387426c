"""Lets a caller repeat a POST without doing the thing twice, as the Idempotency-Key draft of the IETF describes.

The answer is written in the transaction of the change it answers, and while the change runs an advisory lock
stands for it. So there is no moment at which a crash could leave a change without its answer, an answer without
its change, or a key that stays locked. A refused or failed request keeps nothing: nothing was done, and the same
key may be tried again.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.views import APIView

from service_desk.rest.actions import keep_answer
from service_desk.rest.errors import Invalid, Refusal
from service_desk.rest.models import ApiKey, IdempotencyKey, KeptAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST_KEY = 255
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")


class StillRunning(Refusal):
    """The first request with this key is still being answered."""

    status = 409
    code = "request_in_progress"
    retry_after = 1


class OtherRequest(Refusal):
    """The key was used for a request with another content."""

    status = 422
    code = "idempotency_key_reused"


class IdempotentMixin(APIView):
    """Answers a POST that bears an Idempotency-Key once; works for every view and viewset action."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        given = request.META.get("HTTP_IDEMPOTENCY_KEY")
        handler = getattr(self, "post", None)
        if given is None or request.method != "POST" or handler is None:
            return
        # `dispatch` looks the handler up after `initial`, on this view object, which lives for this request alone.
        setattr(self, "post", partial(_answer_once, self, handler, _checked(given)))  # noqa: B010  (views declare it)


def _checked(given: str) -> str:
    """The key; the draft writes it as a quoted string, most callers without quotes, and both mean the same."""
    key = given.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid(
            _("The Idempotency-Key has 1 to %(longest)d printable ASCII characters.") % {"longest": LONGEST_KEY},
            field=HEADER,
            remedy=_("Use a fresh UUID for each new request."),
        )
    return key


def _answer_once(
    view: APIView, handler: Callable[..., HttpResponseBase], key: str, request: Request, /, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    # Positional only: an address may name its own parameter `key`.
    caller = _caller(request)
    content = _content_hash(request)  # read before the handler, which consumes the body
    with transaction.atomic():
        _lock_or_refuse(caller, key)
        kept = IdempotencyKey.objects.kept(caller=caller, key=key)
        if kept is not None:
            return _replay(kept, content)
        response = handler(request, *args, **kwargs)
        if response.status_code >= 400:
            transaction.set_rollback(True)
            return response
        body = _rendered(view, request, response)
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        answer = KeptAnswer(content, response.status_code, headers, body)
        keep_answer(caller=caller, key=key, answer=answer)
    return response


def _caller(request: Request) -> str:
    if isinstance(request.auth, ApiKey):
        return f"key:{request.auth.pk}"
    return f"staff:{request.user.pk}"


def _content_hash(request: Request) -> str:
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if (request.content_type or "").startswith("multipart/"):
        _digest_parts(digest, request)
    else:
        digest.update(request._request.body)
    return digest.hexdigest()


def _digest_parts(digest: Any, request: Request) -> None:
    """Fields and files by themselves: the marks between them differ at each sending, and files may be large."""
    sent: Any = request.data  # a QueryDict: the parser of multipart makes no other
    for name in sorted(sent):
        for value in sent.getlist(name):
            digest.update(f"{name}={getattr(value, 'name', value)}\n".encode("utf-8", "surrogatepass"))
            if hasattr(value, "chunks"):
                for chunk in value.chunks():
                    digest.update(chunk)
                value.seek(0)


def _lock_or_refuse(caller: str, key: str) -> None:
    """Take the key's lock for this transaction; whoever comes second is told at once and does not wait."""
    digest = hashlib.blake2b(f"idempotency {caller} {key}".encode(), digest_size=8).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest, signed=True)])
        (locked,) = cursor.fetchone() or (False,)
    if not locked:
        raise StillRunning(
            _("The first request with this Idempotency-Key is still running."),
            remedy=_("Repeat it in a moment to get its answer."),
        )


def _replay(kept: KeptAnswer, content: str) -> HttpResponse:
    if kept.request_hash != content:
        raise OtherRequest(
            _("This Idempotency-Key was used for another request."), remedy=_("Use a fresh key for a new request.")
        )
    return HttpResponse(kept.body, status=kept.status, headers={**kept.headers, REPLAYED: "true"})


def _rendered(view: APIView, request: Request, response: Any) -> bytes:
    """The answer's bytes, made now: they must be kept before the transaction ends."""
    view.finalize_response(request, response)
    if isinstance(response, SimpleTemplateResponse):
        response.render()
    return bytes(response.content) if isinstance(response, HttpResponse) else b""
