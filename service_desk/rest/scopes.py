"""The register of what an API key may be allowed to do: each room names its scopes here when it is loaded."""

import re

from django.utils.functional import Promise

_SCOPES: dict[str, str | Promise] = {}
_FORM = re.compile(r"[a-z][a-z_]*:[a-z][a-z_]*")


def register(scope: str, label: str | Promise) -> str:
    """Make a scope known (`cases:write`), with its meaning in words; returns it, for use as a constant."""
    if not _FORM.fullmatch(scope):
        raise ValueError(f"A scope reads thing:deed in lower case, not {scope!r}.")
    _SCOPES[scope] = label
    return scope


def known() -> dict[str, str | Promise]:
    """All scopes with their labels, in alphabetical order."""
    return dict(sorted(_SCOPES.items()))


def unknown(scopes: list[str]) -> list[str]:
    """Those of the given scopes that nobody has registered."""
    return sorted(set(scopes) - _SCOPES.keys())
