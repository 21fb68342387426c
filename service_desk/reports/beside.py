"""Takes over from the list of cases what is too long to wait for."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from service_desk.reports.actions import ask


def write_beside(actor: Any, query: str, file_format: str, in_full: bool, reason: str) -> str:
    """Ask for it, and say where it will be found."""
    ask(actor=actor, what="cases", query=query, file_format=file_format, in_full=in_full, reason=reason)
    return reverse("export-list")
