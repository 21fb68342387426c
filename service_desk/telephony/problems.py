"""The refusals of the phone door, word for word as the contract names them; a client branches on `type`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from service_desk.audit.context import current
from service_desk.rest.problems import CONTENT_TYPE

Text = str | Promise

#: type: (status, title)
KINDS: dict[str, tuple[int, Text]] = {
    "invalid-json": (400, _("Not JSON")),
    "invalid-parameter": (400, _("Parameter not valid")),
    "key-invalid": (401, _("Key not valid")),
    "signature-missing": (401, _("Signature missing")),
    "signature-invalid": (401, _("Signature not valid")),
    "timestamp-out-of-range": (401, _("Timestamp out of range")),
    "scope-missing": (403, _("Scope missing")),
    "integration-disabled": (403, _("Integration switched off")),
    "in-progress": (409, _("Still in progress")),
    "too-large": (413, _("Too large")),
    "unsupported-media-type": (415, _("Media type not supported")),
    "invalid-event": (422, _("Event not valid")),
    "id-reused": (422, _("Id used for something else")),
    "rate-limited": (429, _("Too many deliveries")),
    "unavailable": (503, _("Not available just now")),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that is wrong; `pointer` is its JSON pointer."""

    pointer: str
    code: str
    detail: Text


class DoorProblem(Exception):  # noqa: N818  (an answer, not a fault of the program)
    """A delivery, or one item of it, is refused."""

    def __init__(
        self,
        kind: str,
        detail: Text,
        *,
        faults: Sequence[Fault] = (),
        retry_after: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail
        self.faults = list(faults)
        self.retry_after = retry_after
        self.extra = dict(extra or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind][0]

    def body(self) -> dict[str, Any]:
        """The problem as the client reads it, in the language of the request."""
        body: dict[str, Any] = {
            **self.extra,
            "type": f"/problems/{self.kind}",
            "title": str(KINDS[self.kind][1]),
            "status": self.status,
            "detail": str(self.detail),
        }
        if request_id := current().request_id:
            body["instance"] = f"/requests/{request_id}"
        if self.faults:
            body["errors"] = [
                {"pointer": fault.pointer, "code": fault.code, "detail": str(fault.detail)} for fault in self.faults
            ]
        return body

    def response(self) -> HttpResponse:
        """The whole answer."""
        text = json.dumps(self.body(), ensure_ascii=False).encode("utf-8", "replace")
        response = HttpResponse(text, status=self.status, content_type=CONTENT_TYPE)
        if self.status == 401:
            response.headers["WWW-Authenticate"] = 'Bearer realm="service desk calls"'
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        return response
