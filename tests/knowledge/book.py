"""The shipped phrasebook, approved by an editor: 760 statements, made once in a process and then put back as rows."""

from __future__ import annotations

from service_desk.knowledge import shipped
from service_desk.people.models import Staff
from tests.databases import once
from tests.factories import staff


def editor_of_the_book(role: str) -> Staff:
    """Whoever approved what is ours in it; there is nothing else in the database."""
    once(f"book approved by {role}", lambda: _approved(role))
    return Staff.objects.get(username="editor")


def _approved(role: str) -> None:
    person = staff("editor", role)
    shipped.load()
    shipped.approve_shipped_drafts(actor=person)
