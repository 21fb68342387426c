"""A case's stream in one order: what people did, what the customer was told, what clocks and notices did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, TextChoices
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from service_desk.cases.faces import clocks_of
from service_desk.cases.helping import article_words
from service_desk.cases.mentions import Piece, pieces
from service_desk.cases.models import Case, CaseClockEvent, CaseDeadline, CaseEvent, Mention
from service_desk.cases.paperwork import paper_words
from service_desk.cases.parts import event_facts, event_words
from service_desk.cases.rules import Channel, EventType, Severity, WaitingFor
from service_desk.cases.tellings import Telling, tellings_about
from service_desk.cases.ties import tie_words
from service_desk.deadlines.rules import ClockEventType
from service_desk.deadlines.schedule import StepKind
from service_desk.kept import keep

#: So many of each source are shown at first, and with `all`: a case that was repeated for weeks stays a page.
SHOWN, MOST = 150, 3000


class Show(TextChoices):
    """The filters of the stream."""

    ALL = "all", gettext_lazy("everything")
    PEOPLE = "people", gettext_lazy("people")
    WORDS = "words", gettext_lazy("words to the customer")
    CLOCKS = "clocks", gettext_lazy("clocks and notices")


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the stream, as components/timeline_item.html reads it."""

    anchor: str
    at: datetime
    kind: str
    title: str
    who: str = ""
    text: str = ""
    symbol: str = "pencil-square"
    tone: str = ""
    tellings: list[Telling] = field(default_factory=list)
    details: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)  # the text cut at the colleagues it names, if it names any


#: How each kind of event looks: the sort of moment and its heroicon.
_LOOKS = {
    EventType.REGISTERED: ("change", "phone-arrow-down-left"),
    EventType.GRADED: ("change", "scale"),
    EventType.STARTED: ("change", "play"),
    EventType.ARRIVED: ("change", "map-pin"),
    EventType.NOTE: ("note", "pencil-square"),
    EventType.TOLD: ("words", "chat-bubble-left-right"),
    EventType.TOLD_ONCE: ("words", "clipboard-document-check"),
    EventType.IMPACT: ("change", "eye"),
    EventType.EMERGENCY: ("change", "bolt"),
    EventType.WAITING: ("change", "pause"),
    EventType.RESUMED: ("change", "play"),
    EventType.RESTORED: ("change", "arrow-path"),
    EventType.RESOLVED: ("change", "check"),
    EventType.REPLIED: ("words", "chat-bubble-left-right"),
    EventType.CLOSED: ("change", "archive-box"),
    EventType.CANCELLED: ("change", "x-circle"),
    EventType.REOPENED: ("change", "arrow-uturn-left"),
    EventType.MERGED: ("change", "arrows-pointing-in"),
    EventType.TOOK_OVER: ("change", "arrows-pointing-in"),
    EventType.SPLIT: ("change", "scissors"),
    EventType.LINKED: ("change", "link"),
    EventType.UNLINKED: ("change", "link"),
    EventType.INTERVAL: ("change", "clock"),
    EventType.HAND_OVER: ("change", "arrow-right-circle"),
    EventType.ACCEPTED: ("change", "hand-thumb-up"),
    EventType.DECLINED: ("change", "hand-thumb-down"),
    EventType.WITHDRAWN: ("change", "arrow-uturn-left"),
    EventType.PROMISED: ("words", "clock"),
    EventType.KEPT: ("change", "check-badge"),
    EventType.POSTPONED: ("words", "calendar"),
    EventType.ASKED: ("note", "question-mark-circle"),
    EventType.ANSWERED: ("note", "light-bulb"),
    EventType.REPORT: ("words", "document-text"),
    EventType.FILE: ("change", "paper-clip"),
    EventType.FILE_GONE: ("change", "x-circle"),
    EventType.ARTICLE: ("change", "book-open"),
    EventType.ARTICLE_GONE: ("change", "x-circle"),
    EventType.CLEAR: ("note", "clipboard-document-check"),
    EventType.ESCALATED: ("change", "arrow-up-circle"),
    EventType.DECIDED: ("change", "scale"),
    EventType.SATISFACTION: ("words", "chat-bubble-left-right"),
    EventType.CIRCLE: ("change", "lock-closed"),
    EventType.CORRECTIVE: ("change", "wrench"),
    EventType.CONCERNS: ("change", "lock-closed"),
    EventType.LEVEL: ("change", "exclamation-triangle"),
    EventType.IDENTIFIED: ("change", "document-text"),
    EventType.REGULATOR: ("change", "clock"),
    EventType.RETYPED: ("change", "document-text"),
    EventType.SUGGESTION: ("change", "light-bulb"),
}
#: What the customer heard.
_WORDS = tuple(event for event, (kind, _symbol) in _LOOKS.items() if kind == "words")
_TONES = {
    ClockEventType.STARTED: "calm",
    ClockEventType.PAUSED: "paused",
    ClockEventType.RESUMED: "calm",
    ClockEventType.MET: "met",
    ClockEventType.BREACHED: "late",
    ClockEventType.CANCELLED: "cancelled",
    ClockEventType.MERGED: "merged",
    ClockEventType.RECOMPUTED: "calm",
    ClockEventType.ERROR: "late",
}
_STEPS: dict[str, tuple[Promise, str]] = {
    StepKind.START: (gettext_lazy("%(clock)s: those concerned are told of the start"), "calm"),
    StepKind.WARNING: (gettext_lazy("%(clock)s: warned that it is due soon"), "warn"),
    StepKind.BREACH: (gettext_lazy("%(clock)s: the time is over"), "late"),
    StepKind.ESCALATION: (gettext_lazy("%(clock)s: taken one step up"), "late"),
}


#: A change that an administrator laid on the running clock (D2, D8).
_LAID_ON: dict[str, Promise] = {
    "policy": gettext_lazy("policy version %(n)s applied by %(name)s"),
    "calendar": gettext_lazy("calendar version %(n)s applied by %(name)s"),
    "level": gettext_lazy("level raised by %(name)s: policy version %(n)s"),
    "regulator": gettext_lazy("the regulator's time set by %(name)s"),
}


@dataclass(frozen=True, slots=True)
class Stream:
    """The moments in order, newest last, and whether earlier ones are left out."""

    moments: list[Moment]
    cut: bool


def stream(
    case: Case,
    show: str = Show.ALL,
    *,
    everything: bool = False,
    user: Any = None,
    clocks: Sequence[CaseDeadline] | None = None,
) -> Stream:
    """The case's stream; three sources, one query each (and one for the deliveries of notices, one for mentions).

    `clocks` are those of the case, if they are at hand.
    """
    limit = MOST if everything else SHOWN
    sources: list[list[Moment]] = []
    if show != Show.CLOCKS:
        sources.append(_newest(_events(case, limit + 1, words_only=show == Show.WORDS)))
    if show in (Show.ALL, Show.CLOCKS):
        sources.append(_newest(_clocks(case, clocks_of(case) if clocks is None else clocks, limit + 1)))
        sources.append(_newest(_notices(case, limit + 1, user)))
    # Where one source is cut, the others are shown from the same moment on: the stream has no holes.
    cuts = [source[-limit].at for source in sources if len(source) > limit]
    since = max(cuts) if cuts else None
    moments = sorted(
        (moment for source in sources for moment in source if since is None or moment.at >= since), key=_order
    )
    return Stream(moments, cut=since is not None)


def _order(moment: Moment) -> tuple[datetime, int]:
    """By time; of one instant first what people did, then clocks, then notices."""
    return moment.at, ("event", "clock", "notice").index(moment.anchor.partition("-")[0])


def _newest(moments: Iterable[Moment]) -> list[Moment]:
    """Read newest first, kept oldest first."""
    return list(moments)[::-1]


@keep
def _lines(case: int, *, limit: int, words_only: bool) -> QuerySet[CaseEvent]:
    events = CaseEvent.objects.filter(case=case).select_related("actor").order_by("-at", "-id")
    return (events.filter(type__in=_WORDS) if words_only else events)[:limit]


@keep
def _mentions(case: int) -> QuerySet[Mention]:
    return Mention.objects.filter(event__case=case).order_by("id")


def _mentioned(case: Case, events: Iterable[CaseEvent]) -> dict[int, dict[str, int]]:
    """Whom each line names, by the words; no line without an @ names anybody."""
    found: dict[int, dict[str, int]] = {}
    if any("@" in event.text or "＠" in event.text for event in events):
        for each in _mentions(case.pk):
            found.setdefault(each.event_id, {})[each.words] = each.staff_id
    return found


def _events(case: Case, limit: int, *, words_only: bool) -> Iterator[Moment]:
    events = _lines(case.pk, limit=limit, words_only=words_only)
    mentioned = _mentioned(case, events)
    for event in events:
        kind, symbol = look_of(event)
        facts = [(label, value) for label, value in event_facts(event) if value]
        yield Moment(
            anchor=f"event-{event.pk}",
            at=event.at,
            kind=kind,
            title=event_title(event),
            who=str(event.actor or ""),
            text="" if event.type == EventType.HAND_OVER else event.text,
            symbol=symbol,
            facts=facts,
            pieces=pieces_of(event, mentioned.get(event.pk, {})),
        )


def look_of(event: CaseEvent) -> tuple[str, str]:
    """The sort of moment that a line is, and its heroicon."""
    return _LOOKS.get(EventType(event.type), ("change", "pencil-square"))


def pieces_of(event: CaseEvent, mentioned: Mapping[str, int]) -> list[Piece]:
    """The text of a line cut at its mentions (words and who is meant); empty when it has none."""
    return pieces(event.text, mentioned) if mentioned else []


def event_title(event: CaseEvent) -> str:
    """What happened in words, with what the event knows beside its text."""
    label, data = str(event.get_type_display()), event.data
    if words := event_words(event) or paper_words(event) or tie_words(event) or article_words(event):
        return words
    for key, choices in (
        ("severity", Severity),
        ("level", Severity),
        ("waiting_for", WaitingFor),
        ("channel", Channel),
    ):
        if data.get(key) in choices.values:
            return _("%(label)s: %(value)s") % {"label": label, "value": choices(data[key]).label}
    if data.get("late"):
        return _("%(label)s (late, more than 24 h after acceptance)") % {"label": label}
    return label


@keep
def _clock_lines(case: int, *, limit: int) -> QuerySet[CaseClockEvent]:
    events = CaseClockEvent.objects.filter(deadline__case=case).select_related("actor")
    return events.order_by("-at", "-id")[:limit]


def _clocks(case: Case, clocks: Sequence[CaseDeadline], limit: int) -> Iterator[Moment]:
    known = {clock.pk: clock for clock in clocks}
    for event in _clock_lines(case.pk, limit=limit):
        if event.deadline_id in known:  # one that began since the clocks were read is asked for
            event.deadline = known[event.deadline_id]
        title, tone = _clock_title(event)
        yield Moment(
            anchor=f"clock-{event.pk}", at=event.at, kind="clock", title=title, tone=tone, details=_remarks(event)
        )


def _clock_title(event: CaseClockEvent) -> tuple[str, str]:
    clock = event.deadline.get_kind_display()
    if event.type == ClockEventType.FIRED:
        step = next((step for step in event.deadline.policy.ladder if step.code == event.code), None)
        words, tone = _STEPS[step.kind if step else StepKind.WARNING]
        return str(words) % {"clock": clock}, tone
    if event.type == ClockEventType.STARTED:
        due = timezone.localtime(event.deadline.due_at).strftime("%Y-%m-%d %H:%M")
        return _("%(clock)s: clock started, due %(due)s") % {"clock": clock, "due": due}, "calm"
    return (
        _("%(clock)s: %(what)s") % {"clock": clock, "what": event.get_type_display()},
        _TONES[ClockEventType(event.type)],
    )


def _remarks(event: CaseClockEvent) -> str:
    detail, remarks = event.detail, []
    if detail.get("entered_late"):
        remarks.append(_("entered late"))
    if detail.get("late_seconds"):
        remarks.append(_("the system was late by %(seconds)s s") % {"seconds": detail["late_seconds"]})
    if detail.get("from") and detail.get("to") and detail["from"] != detail["to"]:
        moved = [timezone.localtime(datetime.fromisoformat(detail[k])).strftime("%m-%d %H:%M") for k in ("from", "to")]
        remarks.append(_("due time moved from %(from)s to %(to)s") % {"from": moved[0], "to": moved[1]})
    if detail.get("why") in _LAID_ON and detail.get("version"):
        remarks.append(str(_LAID_ON[detail["why"]]) % {"n": detail["version"], "name": event.actor or "–"})
    return "; ".join(remarks)


def _notices(case: Case, limit: int, user: Any) -> Iterator[Moment]:
    for group in tellings_about(case, limit, user):
        yield Moment(
            anchor=f"notice-{group.id}",
            at=group.at,
            kind="notice",
            title=group.title,
            symbol="bell-alert",
            tellings=group.tellings,
            text="",
            details=group.body,
        )
