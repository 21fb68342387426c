"""Finds people as they are called: by name, pinyin initials or user name, in one query."""

from __future__ import annotations

from service_desk.people.models import Staff
from service_desk.people.names import initials


def suggested(text: str, limit: int = 10) -> list[Staff]:
    """Active staff whom `text` may mean, those whose name begins with it first.

    Read whole and sifted here: a company has hundreds of staff, not millions, and initials are no column.
    """
    wanted = text.strip().lower()
    if not wanted:
        return []
    ranked = [
        (rank, person.full_name, person.pk, person)
        for person in Staff.objects.filter(is_active=True).select_related("unit").order_by("full_name")
        if (rank := _rank(person, wanted)) is not None
    ]
    return [person for _rank_, _name, _pk, person in sorted(ranked)[:limit]]


def named(pk: int | None, text: str) -> list[Staff]:
    """The chosen person; else whoever has exactly this name; else all whom the text may mean."""
    if pk is not None:
        chosen = list(Staff.objects.filter(pk=pk, is_active=True))
        if chosen:
            return chosen
    found = suggested(text)
    exact = [person for person in found if text.strip() in (person.full_name, person.username)]
    return exact or found


def _rank(person: Staff, wanted: str) -> int | None:
    name, username = person.full_name.lower(), person.username.lower()
    if wanted in (name, username):
        return 0
    if name.startswith(wanted):
        return 1
    if username.startswith(wanted) or initials(person.full_name).startswith(wanted):
        return 2
    return 3 if wanted in name else None
