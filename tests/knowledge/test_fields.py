"""K3: every text field of the desk is checked while somebody types, or it is said here that it holds no sentences."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from django import forms

from service_desk.people.fields import TypeaheadField

_SCRIPT = (Path(__file__).parents[2] / "static/js/language.js").read_text("utf-8")
_TEMPLATES = Path(__file__).parents[2] / "templates"
#: Names, numbers, codes, addresses and what is searched for.
_NO_SENTENCES = {
    *("name", "name_en", "new_name", "new_number", "from_name", "from_number", "caller_name", "caller_phone", "number"),
    *("phone", "address", "regulator_number", "reference", "code", "about_case", "about_person", "website", "target"),
    *("entry", "q", "situation", "url", "networks", "extension", "agent_code", "month", "source", "tags", "recipient"),
    *(
        "help",
        "asked_by",
        "proof",
        "customer",
        "accepted",
        "override",
        "value",
        "owner",
        "type",
        "username",
        "raw",
        "full_name",
        "display_name",
        "employee_number",
        "job_title",
        "email",
        "mobile",
    ),
}


def _lines() -> Iterator[tuple[str, forms.Field]]:
    """Each text field of one line; boxes of several are checked whatever they are called."""
    seen: set[type] = set()
    for name, module in sorted(sys.modules.items()):
        if not name.startswith("service_desk.") or name == "service_desk.dashboard.samples":
            continue
        for made in vars(module).values():
            if not isinstance(made, type) or not issubclass(made, forms.BaseForm) or made in seen:
                continue
            if made.__module__.startswith("service_desk."):
                seen.add(made)
                fields = getattr(made, "base_fields", {})
                yield from ((f"{made.__name__}.{field}", fields[field]) for field in fields)


def test_K3_every_line_of_text_is_checked_or_holds_no_sentences() -> None:
    import_module("service_desk.urls")  # every form of the product is loaded
    checked = set(re.findall(r'"(\w+)"', _SCRIPT[_SCRIPT.index("SENTENCES = [") :].split("]")[0]))
    assert {"reason", "text", "why", "words", "note", "matter"} <= checked
    fields = list(_lines())
    assert len(fields) > 150
    loose = [
        name
        for name, field in fields
        if type(field.widget) is forms.TextInput
        and not isinstance(field, TypeaheadField | forms.IntegerField | forms.DateTimeField | forms.DateField)
        and type(field) is forms.CharField
        and "data-language" not in field.widget.attrs
        and name.rpartition(".")[2] not in checked | _NO_SENTENCES
    ]
    assert loose == []


def test_K3_the_check_is_taken_off_in_the_phrasebook_only() -> None:
    off = [p for p in _TEMPLATES.rglob("*.html") if 'data-language="off"' in p.read_text("utf-8")]
    assert {p.parent.name for p in off} == {"knowledge"}
