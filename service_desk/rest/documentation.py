"""The OpenAPI description as a page can show it: groups of operations with their inputs and answers in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

Schema = Mapping[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter or a field of the body."""

    name: str
    place: str  # path, query, header or body
    type: str
    required: bool
    words: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    summary: str
    words: str
    scope: str
    inputs: list[Input] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)


@lru_cache(maxsize=4)
def description(language: str) -> dict[str, Any]:
    """The whole OpenAPI description; building it takes about a second, and it changes with the program only."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def operations(schema: Schema) -> dict[str, list[Operation]]:
    """The operations by the first step of their address below /api/v1/."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method in _METHODS:
            if method in methods:
                groups.setdefault(path.split("/")[3], []).append(_operation(schema, path, method, methods[method]))
    return groups


def _operation(schema: Schema, path: str, method: str, found: Schema) -> Operation:
    given = [
        Input(
            parameter["name"],
            parameter["in"],
            type_of(schema, parameter["schema"]),
            parameter.get("required", False),
            parameter.get("description", "").partition("* `")[0].strip(),
        )
        for parameter in found.get("parameters", ())
    ]
    return Operation(
        id=found["operationId"],
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        words=found.get("description", ""),
        scope=found.get("x-required-scope", ""),
        inputs=[*given, *_body(schema, found)],
        answers=[(status, _answer(answer)) for status, answer in sorted(found["responses"].items())],
    )


def _body(schema: Schema, found: Schema) -> Iterator[Input]:
    content = found.get("requestBody", {}).get("content", {}).get("application/json")
    body = resolved(schema, content["schema"]) if content else {}
    for name, inner in body.get("properties", {}).items():
        words = inner.get("description", "").partition("* `")[0].strip()  # the choices stand in the type
        yield Input(name, "body", type_of(schema, inner), name in body.get("required", ()), words)


def _answer(answer: Schema) -> str:
    for content in answer.get("content", {}).values():
        name = content["schema"].get("$ref") or content["schema"].get("items", {}).get("$ref", "")
        return " ".join(part for part in (answer.get("description", ""), name.rpartition("/")[2]) if part)
    return str(answer.get("description", ""))


def resolved(schema: Schema, part: Schema) -> Schema:
    """The part itself in place of a reference to it."""
    if "$ref" not in part:
        return part
    found: Schema = schema["components"]["schemas"][part["$ref"].rpartition("/")[2]]
    return found


def type_of(schema: Schema, part: Schema) -> str:
    """The type of a value in few words: `string (date-time)`, or its choices."""
    part = resolved(schema, part)
    for wrapped in ("allOf", "oneOf", "anyOf"):
        if wrapped in part:
            return " | ".join(filter(None, (type_of(schema, inner) for inner in part[wrapped])))
    if "enum" in part:
        return " | ".join(str(choice) for choice in part["enum"] if choice not in ("", None))
    if part.get("type") == "array":
        return f"[{type_of(schema, part.get('items', {}))}]"
    limits = part.get("format") or (f"≤ {part['maxLength']}" if "maxLength" in part else "")
    return f"{part.get('type', '')} ({limits})" if limits else str(part.get("type", ""))
