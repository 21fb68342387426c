"""Refuses what PostgreSQL cannot store in a text, at the door and by the name of its field: NUL and lone surrogates.

Without this each such character would come back from the database as an error of the program.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.utils import json as strict_json

from service_desk.rest.errors import FieldError, Invalid

_UNCLEAN = re.compile("[\x00\ud800-\udfff]")
# In well-formed UTF-8 such a character can only stand as an escape; most bodies hold none and need no walk.
_SUSPECT = re.compile(rb"\\u(0000|[dD][89a-fA-F])")


def is_clean(text: str) -> bool:
    """Whether PostgreSQL can store the text."""
    return _UNCLEAN.search(text) is None


def demand_clean(values: Mapping[str, Any]) -> None:
    """Raise `Invalid` naming each field of `values` (nested as it may be) whose text cannot be stored."""
    if found := [FieldError(path, _message(), "unclean_text") for path in _unclean_paths(values)]:
        raise Invalid.of(found)


class DeskJSONParser(JSONParser):
    """JSON in UTF-8, within the size limit, free of characters that cannot be stored."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        # `HttpRequest.body` applies DATA_UPLOAD_MAX_MEMORY_SIZE; reading the stream would go past it.
        raw = stream.body if isinstance(stream, HttpRequest) else stream.read()
        try:
            data = json.loads(raw.decode(), parse_constant=strict_json.strict_constant)
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error
        except ValueError as error:
            raise ParseError(_("The body is not JSON in UTF-8: %(error)s") % {"error": error}) from error
        if _SUSPECT.search(raw):
            demand_clean(data if isinstance(data, Mapping) else {"": data})
        return data


def _unclean_paths(values: Any) -> Iterator[str]:
    """The path to each unclean text or key; without recursion, since the nesting is the caller's choice."""
    waiting: list[tuple[str, Any]] = [("", values)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if not is_clean(value):
                yield path
        elif isinstance(value, Mapping):
            if any(not is_clean(str(key)) for key in value):
                yield path
            waiting += [(_join(path, str(key)), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(_join(path, str(number)), inner) for number, inner in enumerate(value)]


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _message() -> str:
    return _("This contains a character that cannot be stored (NUL or half of a pair).")


class CleanMultiPartParser(MultiPartParser):
    """Multipart, free of characters that cannot be stored."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        parsed = super().parse(*args, **kwargs)
        demand_clean({name: parsed.data.getlist(name) for name in parsed.data})
        return parsed
