"""The customer complaint record (《顾客投诉记录》): all facts in their order, for print and PDF alike (P2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from service_desk.cases.models import CaseCircle, CaseDeadline
from service_desk.cases.paperwork import Line
from service_desk.complaints.models import Complaint
from service_desk.complaints.names import mask_address, mask_name
from service_desk.complaints.panels import about_rows
from service_desk.complaints.rules import LEVEL_MEANING, FiveClear
from service_desk.customers.rules import mask_number
from service_desk.deadlines.rules import ClockState

Section = tuple[str, list[Line]]
#: Figures that may be a telephone number, as people write them into a text.
_FIGURES = re.compile(r"(?<!\d)\+?\d(?:[\d\-\s]{5,16})\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Record:
    """The document: what stands above its sections, and whether it says who complained."""

    number: str
    matter: str
    masked: bool
    sections: list[Section]


class _Mask:
    """Hides who complained, also where a text names them (P6); shows everything when it is not to hide."""

    def __init__(self, complaint: Complaint, *, on: bool) -> None:
        case = complaint.case
        self.on = on
        contact = case.contact.name if case.contact else ""
        self._hidden: list[tuple[str, str]] = [
            (text, masked)
            for text, masked in (
                (complaint.address, mask_address(complaint.address)),
                (case.customer.name, mask_name(case.customer.name)),
                (case.caller_name, mask_name(case.caller_name)),
                (contact, mask_name(contact)),
                (case.caller_phone, mask_number(case.caller_phone)),
            )
            if len(text.strip()) > 1
        ]

    def __call__(self, text: Any) -> str:
        words = str(text or "")
        if not self.on:
            return words
        for hidden, shown in self._hidden:
            words = words.replace(hidden, shown)
        return _FIGURES.sub(_figures, words)


def _figures(found: re.Match[str]) -> str:
    """A number in a text as lists show it; a date or a time stays."""
    text = found[0]
    return text if _is_moment(text) else mask_number(text)


def _is_moment(text: str) -> bool:
    return re.fullmatch(r"(19|20)\d\d-?[01]\d-?[0-3]\d([ -]\d{1,4})?", text.strip()) is not None


def record_of(complaint: Complaint, *, masked: bool = True) -> Record:
    """The record in the active language; the caller makes that Chinese. `complaint` as views.common names it."""
    hide = _Mask(complaint, on=masked)
    sections = [
        _acceptance(complaint, hide),
        _complainant(complaint, hide),
        _matter(complaint, hide),
        _clears(complaint, hide),
        *_instances(complaint, hide),
        _answers(complaint, hide),
        _corrections(complaint, hide),
        _promises(complaint, hide),
        _clocks(complaint, hide),
        _suggestions(complaint, hide),
        _circle(complaint, hide),
    ]
    return Record(
        number=complaint.case.number,
        matter=hide(f"{complaint.case.product_type.name} {complaint.case.fault}"),
        masked=masked,
        sections=[(title, lines) for title, lines in sections if lines],
    )


def _acceptance(complaint: Complaint, _hide: _Mask) -> Section:
    case = complaint.case
    level = f"{complaint.get_level_display()}：{LEVEL_MEANING[complaint.level]}"
    numbers = [f"{one.owner} {one.value}" for one in complaint.identifiers.order_by("id")]
    lines = [
        Line(_("Number"), case.number),
        Line(_("Came by"), complaint.get_channel_display()),
        Line(_("Accepted"), _at(case.accepted_at)),
        Line(pgettext("when", "Registered"), _at(case.registered_at)),
        Line(_("First responder"), str(case.first_responder)),
        Line(_("Handler"), str(case.handler)),
        Line(_("Instance"), complaint.get_stage_display()),
        Line(_("State"), case.get_state_display()),
        Line(_("Level"), level, long=True),
    ]
    if numbers:
        lines.append(Line(_("Numbers of other bodies"), "\n".join(numbers), long=True))
    if complaint.regulator_due_at:
        lines.append(Line(_("The regulator's time"), _at(complaint.regulator_due_at)))
    return _("Acceptance"), lines


def _complainant(complaint: Complaint, hide: _Mask) -> Section:
    case = complaint.case
    named = case.caller_name or (case.contact.name if case.contact else "")
    lines = [
        Line(_("Customer unit"), hide(case.customer.name)),
        Line(_("Complainant"), (mask_name(named) if hide.on else named) or _("anonymous")),
        Line(pgettext("telephone", "Number"), hide(case.caller_phone) or "–"),
        Line(_("Address"), hide(complaint.address) or "–"),
    ]
    if complaint.anonymous:
        lines.append(Line(_("Why without a name"), hide(complaint.anonymous_reason), long=True))
    return _("Complainant"), lines


def _matter(complaint: Complaint, hide: _Mask) -> Section:
    lines = [Line(label, hide(text)) for label, text, _url in about_rows(complaint)]
    lines += [
        Line(_("What is complained of, in brief"), hide(complaint.case.fault), long=True),
        Line(_("What happened, as the complainant tells it"), hide(complaint.case.description) or "–", long=True),
        Line(_("What the complainant wants"), hide(complaint.wanted), long=True),
    ]
    return _("Matter"), lines


def _clears(complaint: Complaint, hide: _Mask) -> Section:
    entries = list(complaint.clears.select_related("by").order_by("at", "id"))
    rows = []
    for clear in FiveClear:
        own = [one for one in entries if one.clear == clear]
        rows += [[str(clear.label), hide(one.text), _at(one.at), str(one.by)] for one in own]
        if not own:
            rows.append([str(clear.label), "–", "–", "–"])
    head = [_("Which"), _("What was done"), _("When"), _("Who")]
    return _("Five clears"), [Line(_("Five clears"), "", True, head, rows)]


def _instances(complaint: Complaint, hide: _Mask) -> list[Section]:
    """One section each, so that each stands by itself."""
    sections = []
    for one in complaint.instances.select_related("owner", "opened_by", "decided_by").order_by("id"):
        lines = [
            Line(_("Decides"), str(one.owner)),
            Line(_("Opened"), f"{_at(one.opened_at)} · {one.get_why_display()}"),
        ]
        if one.decided_at is not None:
            lines += [Line(_("Finding"), one.get_finding_display()), Line(_("Decided"), _at(one.decided_at))]
        elif one.passed_on_at is not None:
            lines.append(Line(_("Passed on"), _at(one.passed_on_at)))
        told = [(_("Reason"), one.reason), (_("Reasons of the decision"), one.reasons), (_("Remedy"), one.remedy)]
        told.append((f"{_('Reply sent')}（{one.get_reply_channel_display()}）", one.reply))
        lines += [Line(label, hide(text), long=True) for label, text in told if text]
        title = _("%(label)s: %(value)s") % {"label": _("Instance"), "value": one.get_kind_display()}
        sections.append((title, lines))
    return sections


def _answers(complaint: Complaint, hide: _Mask) -> Section:
    case = complaint.case
    said = {True: _("Satisfied"), False: _("Not satisfied"), None: _("not asked yet")}[complaint.satisfied]
    lines = [
        Line(_("Complainant satisfied"), said),
        Line(_("Complainant asked"), _at(complaint.satisfaction_at)),
        Line(_("End of the complaint"), _at(case.ended_at)),
    ]
    for label, text in (
        (_("What the complainant says"), complaint.satisfaction_said),
        (_("Outcome"), case.outcome),
        (_("Reply to the customer"), case.reply),
    ):
        if text:
            lines.append(Line(label, hide(text), long=True))
    return _("Answer and end"), lines


def _corrections(complaint: Complaint, hide: _Mask) -> Section:
    found = complaint.corrective_actions.select_related("owner", "done_by").order_by("id")
    rows = [
        [hide(one.text), str(one.owner), _at(one.due_at), f"{_at(one.done_at)} {hide(one.done_text)}".strip()]
        for one in found
    ]
    return _table(
        _("Corrective actions"),
        [_("What is to be done"), pgettext("corrective action", "Owner"), _("Due"), _("Done")],
        rows,
    )


def _promises(complaint: Complaint, hide: _Mask) -> Section:
    rows = [
        [hide(one.text), _at(one.due_at), one.get_state_display(), str(one.by)]
        for one in complaint.case.promises.select_related("by").order_by("made_at", "id")
    ]
    promised = _table(_("Promises"), [_("What is promised"), _("Due"), _("State"), _("Who")], rows)
    moved = [
        [str(one.giver), str(one.receiver), _at(one.proposed_at), one.get_state_display()]
        for one in complaint.case.hand_overs.select_related("giver", "receiver").order_by("proposed_at", "id")
    ]
    handed = _table(_("Hand-overs"), [_("From"), _("To"), _("When"), _("State")], moved)
    return _("Promises and hand-overs"), [*promised[1], *handed[1]]


def _clocks(complaint: Complaint, _hide: _Mask) -> Section:
    rows = [
        [
            one.get_kind_display(),
            _at(one.started_at),
            _at(one.due_at),
            _at(one.ended_at),
            str(ClockState(one.state).label),
        ]
        for one in CaseDeadline.objects.filter(case=complaint.pk).order_by("started_at", "due_at", "id")
    ]
    return _table(_("Clocks"), [_("Clock"), _("Started"), _("Due"), _("Ended"), _("State")], rows)


def _suggestions(complaint: Complaint, hide: _Mask) -> Section:
    rows = [
        [hide(one.text), str(one.unit), hide(one.answer) or "–", _at(one.returned_at)]
        for one in complaint.case.suggestions.select_related("unit").order_by("id")
    ]
    title = pgettext("customer's", "Suggestions")
    return _table(title, [pgettext("customer's", "Suggestion"), _("Sent to"), _("Answer"), _("Answer returned")], rows)


def _circle(complaint: Complaint, _hide: _Mask) -> Section:
    rows = [
        [str(one.staff), str(one.get_why_display()), _at(one.since), _at(one.until)]
        for one in CaseCircle.objects.filter(case=complaint.pk).select_related("staff").order_by("since", "id")
    ]
    return _table(_("Circle"), [_("Who"), _("Why"), _("Since"), _("Until")], rows)


def _table(title: str, head: list[str], rows: Sequence[list[str]]) -> Section:
    return title, [Line(title, "", True, head, list(rows))] if rows else []


def _at(moment: datetime | None) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else "–"
