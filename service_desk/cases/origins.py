"""What a registration begins from, such as a call: rooms above say what they know; cases asks, knowing none."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from service_desk.cases.models import Case


@dataclass(frozen=True, slots=True)
class Origin:
    """How the form begins, and what stands above it."""

    token: uuid.UUID  # of the form: one draft, and one case
    draft: str  # under which a tab keeps what is typed, apart from other forms
    values: Mapping[str, Any] = field(default_factory=dict)
    accepted_at: datetime | None = None  # counts where no acceptance time is typed
    template: str = ""
    about: Any = None


class Source(Protocol):
    """A room that registrations begin from."""

    parameter: str  # in the address of the form

    def named(self, user: Any, ref: str) -> Origin | None:
        """What `ref` in the address means to this person; None when it means nothing."""

    def of_token(self, user: Any, token: uuid.UUID) -> Origin | None:
        """The same for a form that comes back, by its token."""

    def registered(self, *, case: Case, actor: Any) -> None:
        """A case was registered; inside its transaction, and a failure rolls it back."""


_sources: list[Source] = []


def register_source(source: Source) -> Source:
    """Ask `source` from now on."""
    if source not in _sources:
        _sources.append(source)
    return source


def asked_for(user: Any, query: Mapping[str, str]) -> Origin | None:
    """The origin that an address names."""
    for source in _sources:
        if ref := query.get(source.parameter, ""):
            return source.named(user, ref[:100])
    return None


def of_token(user: Any, token: uuid.UUID | None) -> Origin | None:
    """The origin of a form by its token."""
    if token is None:
        return None
    return next((found for source in _sources if (found := source.of_token(user, token)) is not None), None)


def tell_registered(case: Case, actor: Any) -> None:
    """Tell every room that registrations begin from."""
    for source in _sources:
        source.registered(case=case, actor=actor)
