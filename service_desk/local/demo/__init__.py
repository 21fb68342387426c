"""A demo company, so that a stranger sees the desk at work within minutes."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from django.conf import settings

from service_desk.audit.context import acting
from service_desk.deadlines.clock import now
from service_desk.knowledge import shipped
from service_desk.local.demo import articles, calls, cases, complaints, customers, organisation
from service_desk.people.models import Staff
from service_desk.people.rules import Role

Login = tuple[str, str, str]

#: Whom a visitor may be; the rest of the company has the same password.
SHOWN = ("chenjing", "lina", "fengbo", "linfeng", "sunlihua", "zhoujianming", "luopeng", "xiehong")
_WORDS = ("daishan", "qinghai", "wutong", "meihua", "yulan", "songbai", "hupo", "feicui", "liuxia", "mingyue")


def load() -> None:
    """Fill an empty desk; one that has staff is left alone."""
    if Staff.objects.exists():
        return
    password = "-".join(secrets.choice(_WORDS) for _ in range(3)) + f"-{secrets.randbelow(90) + 10}"
    with acting(door="command", label="demo"):
        company = organisation.build(password, now())
        found = customers.build(company.products)
        _approve_phrases()
        articles.build()
        for number in cases.build(company, found):
            print(f"  {number}", end="\r", flush=True)
        complaints.build(company)
        calls.build(company, found)
        articles.put_beside_cases()
    _keep(password)


def _approve_phrases() -> None:
    """The company's quality inspector approves what the phrasebook ships as drafts of our own."""
    reviewer = Staff.objects.filter(roles__contains=[Role.QUALITY_INSPECTOR]).order_by("pk").first()
    if reviewer is not None:
        shipped.load()
        shipped.approve_shipped_drafts(actor=reviewer)


def logins() -> list[Login]:
    """Name, password and role of the people a visitor may be; empty where there is no demo company."""
    if not _file().exists():
        return []
    password = json.loads(_file().read_text())["password"]
    people = Staff.objects.in_bulk(SHOWN, field_name="username")
    return [
        (name, password, ", ".join(str(Role(r).label) for r in people[name].roles)) for name in SHOWN if name in people
    ]


def _file() -> Path:
    return settings.DATA_DIR / "demo_logins.json"


def _keep(password: str) -> None:
    _file().parent.mkdir(parents=True, exist_ok=True)
    _file().touch(mode=0o600)
    _file().write_text(json.dumps({"password": password}))
