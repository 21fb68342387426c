"""What a policy says of a clock: its target and the steps of its ladder, read from JSON and checked key by key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from django.utils.translation import gettext as _

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
MOST_STEPS = 30
MOST_SLOTS = 20
LONGEST = timedelta(days=10 * 366)
MOST_SECONDS = LONGEST // timedelta(seconds=1)
MOST_DAYS = 2_500
LEAST_REPEAT, MOST_REPEAT = 10, 7 * 86_400
STEP_KEYS = frozenset({"code", "at", "slots", "needs_ack", "repeat_seconds", "kind"})

Problems = list[tuple[str, str]]


class ScheduleError(ValueError):
    """A policy cannot be used as it is written; `problems` names each key at fault and what to write there."""

    def __init__(self, problems: Problems) -> None:
        super().__init__("; ".join(f"{key}: {message}" for key, message in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Target:
    """A duration, or so many working days; a clock without a calendar counts a duration as elapsed time."""

    duration: timedelta | None = None
    working_days: int | None = None

    def __post_init__(self) -> None:
        if (self.duration is None) == (self.working_days is None):
            raise ScheduleError([("target", _("give either a duration or a number of working days"))])
        if self.duration is not None and not timedelta(0) < self.duration <= LONGEST:
            raise ScheduleError(
                [("duration", _("give more than nothing and at most %(days)s days") % {"days": LONGEST.days})]
            )
        if self.working_days is not None and not (_is_whole(self.working_days) and 1 <= self.working_days <= MOST_DAYS):
            raise ScheduleError([("working_days", _("write a whole number from 1 to %(most)s") % {"most": MOST_DAYS})])


class AtKind(StrEnum):
    """From where a step is measured."""

    SHARE = "share"
    AFTER_START = "after_start"
    AFTER_DUE = "after_due"


class StepKind(StrEnum):
    """What a step is to those who get it."""

    START = "start"
    WARNING = "warning"
    BREACH = "breach"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True)
class StepAt:
    """A share of the counted time, or seconds after the start or the due time, counted as the clock counts."""

    kind: AtKind
    value: float


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: when, to which slots (roles, resolved to people when it fires), and until acknowledged or not."""

    code: str
    at: StepAt
    slots: tuple[str, ...]
    kind: StepKind
    needs_ack: bool = False
    repeat_seconds: int | None = None

    @classmethod
    def from_json(cls, data: object, key: str = "step") -> Self:
        """The step, or every fault of it at once."""
        problems: Problems = []
        if not isinstance(data, Mapping):
            raise ScheduleError([(key, _("a step is an object with the keys %(keys)s") % {"keys": _names(STEP_KEYS)})])
        for unknown in sorted(str(name) for name in data.keys() - STEP_KEYS):
            problems.append(
                (f"{key}.{unknown[:40]}", _("unknown key; known are %(keys)s") % {"keys": _names(STEP_KEYS)})
            )
        code = _code(data.get("code"), f"{key}.code", problems)
        at = _at(data.get("at"), f"{key}.at", problems)
        slots = _slots(data.get("slots"), f"{key}.slots", problems)
        kind = _kind(data.get("kind"), f"{key}.kind", problems)
        needs_ack = data.get("needs_ack", False)
        if not isinstance(needs_ack, bool):
            problems.append((f"{key}.needs_ack", _("write true or false")))
        repeat = _repeat(data.get("repeat_seconds"), needs_ack is True, f"{key}.repeat_seconds", problems)
        if problems:
            raise ScheduleError(problems)
        return cls(code, at, slots, kind, needs_ack, repeat)

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "at": {self.at.kind.value: self.at.value},
            "slots": list(self.slots),
            "kind": self.kind.value,
            "needs_ack": self.needs_ack,
            "repeat_seconds": self.repeat_seconds,
        }


def parse_steps(data: object) -> tuple[Step, ...]:
    """A policy's ladder; every fault of every step is named at once."""
    if not isinstance(data, list) or len(data) > MOST_STEPS:
        raise ScheduleError([("steps", _("write a list of at most %(most)s steps") % {"most": MOST_STEPS})])
    steps: list[Step] = []
    problems: Problems = []
    for number, item in enumerate(data):
        key = f"steps[{number}]"
        try:
            step = Step.from_json(item, key)
        except ScheduleError as error:
            problems.extend(error.problems)
            continue
        if any(step.code == other.code for other in steps):
            problems.append(
                (f"{key}.code", _("“%(code)s” is used twice; each step has its own code") % {"code": step.code})
            )
        steps.append(step)
    if problems:
        raise ScheduleError(problems)
    return tuple(steps)


def _code(value: object, key: str, problems: Problems) -> str:
    if isinstance(value, str) and CODE.fullmatch(value):
        return value
    problems.append((key, _("write a short name of a-z, 0-9 and _, such as warn_75")))
    return ""


def _at(value: object, key: str, problems: Problems) -> StepAt:
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, amount),) = value.items()
        if name == AtKind.SHARE:
            if _is_number(amount) and 0 < amount <= 1:
                return StepAt(AtKind.SHARE, amount)
            problems.append((f"{key}.share", _("write a number above 0 and up to 1; for later steps use after_due")))
            return StepAt(AtKind.SHARE, 1)
        if name in (AtKind.AFTER_START, AtKind.AFTER_DUE):
            if _is_whole(amount) and 0 <= amount <= MOST_SECONDS:
                return StepAt(AtKind(name), amount)
            problems.append((f"{key}.{name}", _("write whole seconds from 0 to %(most)s") % {"most": MOST_SECONDS}))
            return StepAt(AtKind.AFTER_DUE, 0)
    problems.append((key, _('write {"share": 0.75}, {"after_start": seconds} or {"after_due": seconds}')))
    return StepAt(AtKind.AFTER_DUE, 0)


def _slots(value: object, key: str, problems: Problems) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_SLOTS:
        problems.append((key, _('write a list of 1 to %(most)s slots, such as ["handler"]') % {"most": MOST_SLOTS}))
        return ()
    if not all(isinstance(slot, str) and CODE.fullmatch(slot) for slot in value):
        problems.append((key, _("each slot is a short name of a-z, 0-9 and _, such as handler")))
        return ()
    if len(set(value)) < len(value):
        problems.append((key, _("a slot is named twice; nobody is told the same thing twice")))
    return tuple(value)


def _kind(value: object, key: str, problems: Problems) -> StepKind:
    if isinstance(value, str) and value in set(StepKind):
        return StepKind(value)
    problems.append((key, _("write one of %(kinds)s") % {"kinds": _names(StepKind)}))
    return StepKind.WARNING


def _repeat(value: object, needs_ack: bool, key: str, problems: Problems) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not LEAST_REPEAT <= value <= MOST_REPEAT:
        limits = {"least": LEAST_REPEAT, "most": MOST_REPEAT}
        problems.append((key, _("write null, or whole seconds from %(least)s to %(most)s") % limits))
        return None
    if not needs_ack:
        problems.append((key, _("only a step with needs_ack true is repeated: nothing else would end it")))
    return value


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _names(names: Any) -> str:
    return ", ".join(sorted(str(name) for name in names))
