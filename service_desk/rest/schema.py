"""Describes every operation as it truly answers: problems, keys and preconditions included."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from service_desk.rest.etags import EtagMixin
from service_desk.rest.idempotency import HEADER, LONGEST_KEY, REPLAYED, IdempotentMixin
from service_desk.rest.permissions import required_scope
from service_desk.rest.problems import CONTENT_TYPE, KINDS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_PROBLEM: Schema = {
    "type": "object",
    "description": "An RFC 9457 problem.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Stable name of the kind of problem."},
        "title": _TEXT,
        "status": _WHOLE,
        "detail": {"type": "string", "description": "What is wrong this time, in the caller's language."},
        "code": {"type": "string", "description": "Stable word for programs; tells apart what shares a type."},
        "remedy": {"type": "string", "description": "What to do about it."},
        "instance": {"type": "string", "format": "uri-reference", "description": "The number of this request."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string", "description": "Path to the input, such as contacts/0/name."},
                    "code": _TEXT,
                    "message": _TEXT,
                    "remedy": _TEXT,
                },
            },
        },
    },
}
_PROBLEM_HEADERS: dict[int, Schema] = {
    401: {"WWW-Authenticate": {"schema": _TEXT}},
    409: {"Retry-After": {"schema": _WHOLE}},
    429: {"Retry-After": {"schema": _WHOLE}},
    503: {"Retry-After": {"schema": _WHOLE}},
}
_ALWAYS = frozenset({400, 401, 403, 406, 503})
_UNSAFE = frozenset({409, 412, 413, 415})


class DeskSchema(AutoSchema):
    """Adds to each operation what the ground adds to each view."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Schema | None:
        operation: Schema | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        if parameters := self._header_parameters():
            operation["parameters"] = [*operation.get("parameters", []), *parameters]
        for status, answer in operation["responses"].items():
            if status.startswith("2") and (headers := self._success_headers()):
                answer["headers"] = {**headers, **answer.get("headers", {})}
        for code in sorted(self._problems()):
            operation["responses"].setdefault(str(code), self._problem(code))
        return operation

    def get_extensions(self) -> Schema:
        scope = required_scope(self.view, self.method)
        extensions: Schema = {**super().get_extensions()}
        if scope:
            extensions["x-required-scope"] = scope
        return extensions

    @property
    def _idempotent(self) -> bool:
        return self.method == "POST" and isinstance(self.view, IdempotentMixin)

    @property
    def _conditional(self) -> bool:
        return isinstance(self.view, EtagMixin) and self.view.needs_if_match(self.method)

    def _problems(self) -> set[int]:
        """Every status with which this operation may refuse."""
        found = set(_ALWAYS)
        if "{" in self.path:
            found.add(404)
        if self.method not in {"GET", "HEAD"}:
            found |= _UNSAFE
        if self._idempotent:
            found.add(422)
        if self._conditional:
            found.add(428)
        if self.view.get_throttles():
            found.add(429)
        return found

    def _problem(self, status: int) -> Schema:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name="Problem", type=ResolvedComponent.SCHEMA, object="service_desk.rest.problem", schema=_PROBLEM
        )
        self.registry.register_on_missing(component)
        headers = _PROBLEM_HEADERS.get(status)
        return {
            **({"headers": headers} if headers else {}),
            "content": {CONTENT_TYPE: {"schema": component.ref}},
            "description": str(KINDS[status][1]),
        }

    def _header_parameters(self) -> list[Schema]:
        found = []
        if self._idempotent:
            key = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"}
            told = "Repeat the request with the same key and get the same answer; the thing is done once."
            found.append(_header(HEADER, told, key, required=False))
        if self._conditional:
            told = "The ETag of the version that the change was made from."
            found.append(_header("If-Match", told, _TEXT, required=True))
        return found

    def _success_headers(self) -> Schema:
        headers: Schema = {}
        if self._idempotent:
            headers[REPLAYED] = {"schema": {"type": "string", "enum": ["true"]}}
        if isinstance(self.view, EtagMixin) and "{" in self.path:
            headers["ETag"] = {"schema": _TEXT}
        if self._is_list_view():
            headers["Link"] = {"schema": _TEXT}
        return headers


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How an API key is sent."""

    target_class = "service_desk.rest.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "sdk_<prefix>_<secret>"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The browser's session cookie."""

    target_class = "service_desk.rest.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


def _header(name: str, description: str, schema: Schema, *, required: bool) -> Schema:
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}
