"""Says policies in words: targets, steps of a ladder, whom they tell, and how two versions differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from service_desk.deadlines.models import Policy
from service_desk.deadlines.schedule import AtKind, Step, StepAt, StepKind
from service_desk.people.models import ServiceLine
from service_desk.people.rules import DutyRole

#: The grades of cases as policies name them; the order is that of the columns.
SEVERITIES: Mapping[str, str | Promise] = {
    "": gettext_lazy("Every severity"),
    "critical": gettext_lazy("Critical"),
    "major": gettext_lazy("Major"),
    "minor": gettext_lazy("Minor"),
    "enquiry": gettext_lazy("Enquiry"),
    "ordinary": pgettext_lazy("complaint", "Ordinary"),
    "serious": pgettext_lazy("complaint", "Serious"),
}
#: The levels of complaints (P4), in the order of the columns; "major" of a case is another word in Chinese.
LEVELS: Mapping[str, str | Promise] = {
    "": SEVERITIES[""],
    "ordinary": SEVERITIES["ordinary"],
    "serious": SEVERITIES["serious"],
    "major": pgettext_lazy("complaint", "Major"),
}
SUBJECTS: Mapping[str, str | Promise] = {
    "call": gettext_lazy("CALL ticket"),
    "phone": gettext_lazy("Telephone call"),
    "complaint": gettext_lazy("Complaint"),
}
STEP_KINDS: Mapping[str, str | Promise] = {
    StepKind.START: pgettext_lazy("step", "start"),
    StepKind.WARNING: pgettext_lazy("step", "warning"),
    StepKind.BREACH: pgettext_lazy("step", "time is over"),
    StepKind.ESCALATION: pgettext_lazy("step", "one step up"),
}
#: Whom a step may tell: people of the case, those above them, those on duty.
SLOTS: Mapping[str, str | Promise] = {
    "handler": gettext_lazy("Handler"),
    "first_responder": gettext_lazy("First responder"),
    "handler_chief": gettext_lazy("Chief of the handler"),
    "first_responder_chief": gettext_lazy("Chief of the first responder"),
    "handler_head": gettext_lazy("Department head of the handler"),
    "first_responder_head": gettext_lazy("Department head of the first responder"),
    **{role.value: role.label for role in DutyRole},
}
_OWNER = {"owner": gettext_lazy("Who is to do it"), "owner_chief": gettext_lazy("Chief of who is to do it")}
PART_SLOTS: Mapping[str, Mapping[str, str | Promise]] = {
    "hand_over": {
        "giver": gettext_lazy("Giver"),
        "giver_chief": gettext_lazy("Chief of the giver"),
        "receiver": gettext_lazy("Receiver"),
        "receiver_chief": gettext_lazy("Chief of the receiver"),
    },
    "promise": {"promiser": gettext_lazy("Who promised")},
    "consultation": {
        "expert": gettext_lazy("Expert"),
        "expert_chief": gettext_lazy("Chief of the expert"),
        "asked_by": gettext_lazy("Who asked"),
    },
    **dict.fromkeys(("escalated", "appeal", "corrective"), _OWNER),
}


def severity_word(code: str, subject: str = "") -> str:
    """A grade in words, a complaint's level by its own; one that is not known here as it stands."""
    return str({**SEVERITIES, **(LEVELS if subject == "complaint" else {})}.get(code, code))


def line_word(line: ServiceLine) -> str:
    """A service line in the reader's language, as far as it has a name in it."""
    return line.name_en if line.name_en and not (get_language() or "").startswith("zh") else line.name


def subject_word(code: str) -> str:
    """A kind of case in words."""
    return str(SUBJECTS.get(code, code))


def slot_choices(kind: str) -> dict[str, str]:
    """Whom the ladder of this kind of clock can tell, the people of its part first."""
    return {code: str(word) for code, word in {**PART_SLOTS.get(kind, {}), **SLOTS}.items()}


def slot_word(code: str, kind: str = "") -> str:
    """Somebody who is told, in words."""
    every = {name: word for part in PART_SLOTS.values() for name, word in part.items()}
    return str({**every, **SLOTS}.get(code, code))


def span_word(seconds: float) -> str:
    """A length of time as a policy names it: 30 min, 4 h, 2 d."""
    whole = int(seconds)
    for size, text in ((86_400, _("%(n)s d")), (3600, _("%(n)s h")), (60, _("%(n)s min"))):
        if whole and whole % size == 0 and (size != 86_400 or whole > 86_400):
            return text % {"n": whole // size}
    return _("%(n)s s") % {"n": whole}


def target_word(policy: Policy) -> str:
    """A target in words: '4 h elapsed', '8 h working time', '5 working days'."""
    if policy.target_working_days is not None:
        days = policy.target_working_days
        return ngettext("%(n)s working day", "%(n)s working days", days) % {"n": days}
    text = _("%(span)s working time") if policy.calendar_id else _("%(span)s elapsed")
    return text % {"span": span_word(policy.target_seconds or 0)}


def at_word(at: StepAt) -> str:
    """When a step comes: '75 % of the time', 'when the time is over', '30 min after'."""
    if at.kind is AtKind.SHARE:
        if at.value == 1:
            return _("when the time is over")
        return _("at %(n)s %% of the time") % {"n": f"{Decimal(str(at.value)) * 100:f}".rstrip("0").rstrip(".")}
    if at.kind is AtKind.AFTER_START:
        return _("%(span)s after the start") % {"span": span_word(at.value)} if at.value else _("at the start")
    if not at.value:
        return _("when the time is over")
    return _("%(span)s after the due time") % {"span": span_word(at.value)}


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder in words."""

    code: str
    kind: str
    at: str
    kind_word: str
    slots: list[str]
    repeat: str
    needs_ack: bool

    @property
    def told(self) -> str:
        """Everybody it tells."""
        return pgettext("list of people", ", ").join(self.slots)

    @property
    def line(self) -> str:
        """The whole step in one line, as differences between versions name it."""
        parts = [_("%(at)s: %(what)s") % {"at": self.at, "what": self.kind_word}, self.told]
        if self.needs_ack:
            parts.append(self.repeat or _("to be acknowledged"))
        return " · ".join(part for part in parts if part)


def rung(step: Step) -> Rung:
    """A step in words."""
    repeat = _("repeated every %(span)s") % {"span": span_word(step.repeat_seconds)} if step.repeat_seconds else ""
    return Rung(
        code=step.code,
        kind=step.kind.value,
        at=at_word(step.at),
        kind_word=str(STEP_KINDS[step.kind]),
        slots=[slot_word(slot) for slot in step.slots],
        repeat=repeat,
        needs_ack=step.needs_ack,
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two versions differ; an empty side: it was not there."""

    what: str
    before: str
    after: str
    code: str = ""


def differences(old: Policy, new: Policy) -> list[Difference]:
    """What changed from one version to another, thing by thing."""
    found = [
        Difference(what, before, after)
        for what, before, after in (
            (_("Target"), target_word(old), target_word(new)),
            (_("Counts"), calendar_word(old), calendar_word(new)),
            (_("May be paused"), yes_or_no(old.may_pause), yes_or_no(new.may_pause)),
        )
        if before != after
    ]
    steps = [{step.code: rung(step).line for step in policy.ladder if step.slots} for policy in (old, new)]
    for code in dict.fromkeys([*steps[0], *steps[1]]):
        before, after = steps[0].get(code, ""), steps[1].get(code, "")
        if before != after:
            found.append(Difference(_("Step"), before, after, code))
    return found


def calendar_word(policy: Policy) -> str:
    """On which hours a policy counts."""
    return str(policy.calendar) if policy.calendar else _("round the clock")


def yes_or_no(value: bool) -> str:
    """In a word."""
    return _("yes") if value else _("no")
