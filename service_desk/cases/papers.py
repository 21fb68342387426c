"""What each report to the customer says (C8): its entries in order, and what must be there before it is submitted.

One table; the form, the REST interface, the printed sheet and the PDF are made from it. No database, no clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db.models import TextChoices
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.cases.rules import DemandedReport
from service_desk.rest.clean import is_clean
from service_desk.rest.errors import FieldError, Invalid

#: So many rows of replaced parts stand on a report.
MOST_ROWS = 20
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class EntryKind(StrEnum):
    """What sort of answer an entry takes."""

    LINE = "line"
    TEXT = "text"
    MOMENT = "moment"
    CHOICE = "choice"
    ROWS = "rows"


class ServiceResult(TextChoices):
    """How the visit ended."""

    SOLVED = "solved", _("Solved")
    RESTORED = "restored", _("Service restored, the cause remains")
    UNSOLVED = "unsolved", _("Not solved")


class UpgradeResult(TextChoices):
    """How the upgrade ended."""

    SUCCEEDED = "succeeded", _("Succeeded")
    PARTLY = "partly", _("Succeeded in part")
    ROLLED_BACK = "rolled_back", _("Failed, rolled back")


class Rollback(TextChoices):
    """Whether the rollback plan had to be used."""

    NO = "no", pgettext_lazy("rollback plan", "Not used")
    YES = "yes", pgettext_lazy("rollback plan", "Used")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a report says."""

    key: str
    label: Promise
    kind: EntryKind = EntryKind.LINE
    required: bool = True
    limit: int = 200
    help: Promise | str = ""
    choices: type[TextChoices] | None = None
    columns: tuple[tuple[str, Promise], ...] = ()  # of rows


@dataclass(frozen=True, slots=True)
class Section:
    """Entries that belong together under a heading."""

    title: Promise
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A kind of report."""

    kind: str
    title: Promise
    sections: tuple[Section, ...]
    order: tuple[tuple[str, str], ...] = ()  # the first moment does not lie after the second
    past: tuple[str, ...] = ()  # moments that have come when the report is submitted
    entries: tuple[Entry, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", tuple(entry for part in self.sections for entry in part.entries))


def _text(key: str, label: Promise, *, limit: int = 4000, required: bool = True, help: Promise | str = "") -> Entry:  # noqa: A002 - as the form calls it
    return Entry(key, label, EntryKind.TEXT, required, limit, help)


def _moment(key: str, label: Promise) -> Entry:
    return Entry(key, label, EntryKind.MOMENT)


_CUSTOMER = Entry("customer", _("Customer unit"), limit=120)
_REMAINING = _text(
    "remaining", _("Remaining problems"), limit=2000, required=False, help=_("With who settles them and until when.")
)
_SIGNER = Entry(
    "signer",
    _("Signed for the customer by"),
    limit=80,
    help=_("Who confirmed it at the customer's; the signed sheet is attached as a file."),
)

SERVICE = Paper(
    DemandedReport.SERVICE,
    _("Technical service report"),
    (
        Section(
            pgettext_lazy("report", "Visit"),
            (
                _CUSTOMER,
                Entry("site_address", _("Site address")),
                Entry("contact", _("Contact at the site"), limit=80),
                Entry("engineers", _("Engineers"), help=_("Everybody who worked on it.")),
                _moment("arrived_at", pgettext_lazy("when", "Arrived")),
                _moment("left_at", pgettext_lazy("when", "Left")),
            ),
        ),
        Section(
            pgettext_lazy("report", "Work"),
            (
                _text("symptom", _("Symptom")),
                _text("found", _("What was found")),
                _text("done", _("What was done")),
                Entry(
                    "parts",
                    _("Parts replaced"),
                    EntryKind.ROWS,
                    required=False,
                    limit=80,
                    columns=(
                        ("name", pgettext_lazy("spare part", "Part")),
                        ("old_serial", _("Old serial number")),
                        ("new_serial", _("New serial number")),
                    ),
                ),
            ),
        ),
        Section(
            _("Result"),
            (
                Entry("result", _("Result"), EntryKind.CHOICE, choices=ServiceResult),
                _REMAINING,
                _text("opinion", _("Customer's opinion"), limit=1000, required=False),
                _SIGNER,
            ),
        ),
    ),
    order=(("arrived_at", "left_at"),),
    past=("arrived_at", "left_at"),
)

UPGRADE = Paper(
    DemandedReport.UPGRADE,
    _("Version upgrade summary report"),
    (
        Section(
            pgettext_lazy("report", "Upgrade"),
            (
                _CUSTOMER,
                Entry("product", _("Product"), limit=120),
                Entry("old_version", _("Version before"), limit=80),
                Entry("new_version", _("Version after"), limit=80),
                _moment("planned_start", _("Planned from")),
                _moment("planned_end", _("Planned until")),
                _moment("actual_start", _("Carried out from")),
                _moment("actual_end", _("Carried out until")),
                Entry("approver", _("Approved for the customer by"), limit=80),
                Entry("duty_staff", _("Customer's staff on duty"), limit=200),
                Entry("engineers", _("Engineers"), help=_("Everybody who worked on it.")),
            ),
        ),
        Section(
            pgettext_lazy("report", "Work"),
            (
                _text("steps", _("Steps")),
                _text("checks_before", _("Checks before the upgrade"), limit=2000),
                _text("checks_after", _("Checks after the upgrade"), limit=2000),
                Entry("rollback", _("Rollback plan"), EntryKind.CHOICE, choices=Rollback),
                _text(
                    "rollback_reason",
                    _("Why it was rolled back"),
                    limit=2000,
                    required=False,
                    help=_("Needed when the rollback plan was used."),
                ),
            ),
        ),
        Section(
            _("Result"),
            (Entry("result", _("Result"), EntryKind.CHOICE, choices=UpgradeResult), _REMAINING, _SIGNER),
        ),
    ),
    order=(("planned_start", "planned_end"), ("actual_start", "actual_end")),
    past=("actual_start", "actual_end"),
)

PAPERS: Mapping[str, Paper] = {str(paper.kind): paper for paper in (SERVICE, UPGRADE)}


def words_of(kind: str) -> list[str]:
    """The entries that are written in sentences, for the language check (K3)."""
    return [entry.key for entry in PAPERS[kind].entries if entry.kind == EntryKind.TEXT]


def cleaned(kind: str, given: Mapping[str, Any], *, now: datetime, complete: bool) -> dict[str, Any]:
    """The answers as they are kept: trimmed, moments in UTC, empty rows left out; Invalid naming each wrong entry.

    `complete` demands what the customer must read; a draft may lack anything.
    """
    paper = PAPERS[kind]
    known = {entry.key for entry in paper.entries}
    errors = [FieldError(str(key), _("There is no such field here."), "unknown_field") for key in given.keys() - known]
    kept: dict[str, Any] = {}
    for entry in paper.entries:
        try:
            kept[entry.key] = _answer(entry, given.get(entry.key))
        except Invalid as refusal:
            errors += refusal.errors
    wrong = {error.field for error in errors}
    errors += [error for error in _together(paper, kept, now, complete=complete) if error.field not in wrong]
    if errors:
        raise Invalid.of(sorted(errors, key=lambda error: error.field))
    return kept


def _answer(entry: Entry, value: Any) -> Any:
    if entry.kind == EntryKind.ROWS:
        return _rows(entry, value)
    if entry.kind == EntryKind.MOMENT:
        return _instant(entry, value)
    text = _words(entry.key, value, entry.limit)
    if entry.choices is not None and text and text not in entry.choices.values:
        raise Invalid(_("Please choose one of the values."), field=entry.key, code="invalid_choice")
    return text


def _words(name: str, value: Any, limit: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(_("This is no text."), field=name, code="invalid")
    text = value.strip().replace("\r\n", "\n")
    if not is_clean(text):
        raise Invalid(
            _("This contains a character that cannot be stored (NUL or half of a pair)."),
            field=name,
            code="unclean_text",
        )
    if len(text) > limit:
        raise Invalid(_("Please write at most %(limit)s characters.") % {"limit": limit}, field=name, code="max_length")
    return text


def _instant(entry: Entry, value: Any) -> str:
    """A moment as ISO 8601 in UTC, or nothing."""
    if value in (None, ""):
        return ""
    try:
        moment = value if isinstance(value, datetime) else parse_datetime(str(value))
        if moment is not None and moment.tzinfo is not None and EARLIEST <= moment < LATEST:
            return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        moment = None  # a date that no calendar has: refused below like any other text
    raise Invalid(
        _("This is no moment with its offset from UTC, such as 2026-11-21T09:30:00+08:00."),
        field=entry.key,
        code="invalid",
    )


def _rows(entry: Entry, value: Any) -> list[dict[str, str]]:
    rows = value or []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Invalid(_("This is no list of rows."), field=entry.key, code="invalid")
    if len(rows) > MOST_ROWS:
        raise Invalid(_("At most %(most)s rows, please.") % {"most": MOST_ROWS}, field=entry.key, code="too_many")
    names = [name for name, _label in entry.columns]
    kept = []
    for number, row in enumerate(rows):
        if strange := sorted(str(key) for key in row.keys() - set(names)):
            raise Invalid(
                _("There is no such field here."), field=f"{entry.key}/{number}/{strange[0]}", code="unknown_field"
            )
        kept.append({name: _words(f"{entry.key}/{number}/{name}", row.get(name), entry.limit) for name in names})
    for number, row in enumerate(kept):
        if any(row.values()) and not row[names[0]]:
            raise Invalid(_("Say which part it was."), field=f"{entry.key}/{number}/{names[0]}", code="required")
    return [row for row in kept if any(row.values())]


def _together(paper: Paper, kept: Mapping[str, Any], now: datetime, *, complete: bool) -> Iterator[FieldError]:
    """What several entries say together, and what is still missing."""
    for first, second in paper.order:
        if kept.get(first) and kept.get(second) and kept[first] > kept[second]:
            yield FieldError(second, _("This lies before the beginning."), "out_of_order")
    if not complete:
        return
    for entry in paper.entries:
        if entry.required and not kept.get(entry.key):
            yield FieldError(entry.key, _("Please fill this in: the customer reads it."), "required")
    for key in paper.past:
        if kept.get(key) and datetime.fromisoformat(kept[key]) > now:
            yield FieldError(key, _("This lies in the future; a report tells what has been done."), "future")
    if kept.get("rollback") == Rollback.YES and not kept.get("rollback_reason"):
        yield FieldError("rollback_reason", _("Say why the rollback plan was used."), "required")
