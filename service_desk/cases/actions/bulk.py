"""One move for many cases: each in a transaction of its own, what was refused listed with its reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from service_desk.audit.actions import record, record_refusal
from service_desk.cases.actions.changing import survivor_of
from service_desk.cases.actions.handing_over import accept, hand_over, withdraw
from service_desk.cases.actions.moving import cancel, note, resolve, resume, tell, wait
from service_desk.cases.models import Case, CaseEvent
from service_desk.cases.rules import EventType
from service_desk.knowledge.current import told_of
from service_desk.rest.errors import Invalid, NotAllowed, Refusal

#: So many cases at once; more are several times.
MOST = 200
#: And so many in one step, where a page shows how far it is.
STEP = 20

#: The moves that make sense for many cases at once.
VERBS: Mapping[str, Callable[..., Case]] = {
    "hand_over": hand_over,
    "accept": accept,
    "withdraw": withdraw,
    "note": note,
    "tell": tell,
    "wait": wait,
    "resume": resume,
    "resolve": resolve,
    "cancel": cancel,
}
#: Words beside a case hurt nobody's work, so they are added even when the case has moved on.
_HARMLESS: Mapping[str, EventType] = {"note": EventType.NOTE, "tell": EventType.TOLD}


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one case: done, or the reason why not."""

    number: str
    done: bool
    subject: str = ""
    state: str = ""
    version: int | None = None
    code: str = ""
    detail: str = ""
    remedy: str = ""
    found: str = ""  # by the language check, in words that were saved all the same (K3)

    def as_json(self) -> dict[str, Any]:
        """As it is kept and answered."""
        return asdict(self)


def bulk(
    *,
    verb: str,
    numbers: Sequence[str],
    actor: Any,
    answers: Mapping[str, Any],
    each: Mapping[str, Mapping[str, Any]] | None = None,
    versions: Mapping[str, int] | None = None,
    since: datetime | None = None,
) -> list[Item]:
    """Make the move for each case, in the order asked for; `each` holds answers of single cases by number.

    With `versions` a case that was changed since is refused. With `since` (database time, the beginning of the run)
    words that the actor has written there in the meantime are not written again: a step whose process died in the
    middle is simply made once more, and all other moves refuse a second time by themselves. Raises Invalid for a verb
    or a number of cases that cannot be; whatever concerns one case alone is in its item and stops no other.
    """
    if verb not in VERBS:
        raise Invalid(_("This is not done for many cases at once."), field="verb", code="invalid_choice")
    wanted = list(dict.fromkeys(numbers))
    if not wanted:
        raise Invalid(_("Choose at least one case."), field="numbers", code="required")
    if len(wanted) > MOST:
        raise Invalid(_("At most %(most)s cases at once.") % {"most": MOST}, field="numbers", code="max_length")
    found = {case.number: case for case in Case.objects.visible_to(actor).filter(number__in=wanted)}
    said = _said_since(verb, found.values(), actor, answers, since)
    items: dict[str, Item] = {}
    # In the order of their ids, so that two such runs inside larger transactions never wait for each other.
    for case in sorted(found.values(), key=lambda case: case.pk):
        if case.pk in said:
            items[case.number] = _done(case, case)
            continue
        more = (each or {}).get(case.number, {})
        version = None if verb in _HARMLESS else (versions or {}).get(case.number)
        items[case.number] = _one(verb, case, actor, {**answers, **more}, version)
    missing = _("There is no such case.")
    done = [items.get(number) or Item(number, done=False, code="not_found", detail=missing) for number in wanted]
    with transaction.atomic():
        counts = {"verb": verb, "done": sum(item.done for item in done), "refused": sum(not item.done for item in done)}
        record(verb="case.bulk", thing="cases", actor=actor, detail=counts)
    return done


def _said_since(
    verb: str, cases: Collection[Case], actor: Any, answers: Mapping[str, Any], since: datetime | None
) -> set[int]:
    """The cases in whose timelines these words of the actor stand already."""
    if since is None or verb not in _HARMLESS:
        return set()
    text = str(answers.get("text", "")).strip()
    same = CaseEvent.objects.filter(case__in=cases, at__gte=since, actor=actor, type=_HARMLESS[verb], text=text)
    return set(same.values_list("case_id", flat=True))


def _done(case: Case, changed: Case) -> Item:
    found = " ".join(told_of(changed.language_found))
    return Item(case.number, done=True, subject=case.subject, state=changed.state, version=changed.version, found=found)


def _one(verb: str, case: Case, actor: Any, answers: Mapping[str, Any], version: int | None) -> Item:
    try:
        changed = VERBS[verb](case=case, actor=actor, version=version, **answers)
    except Refusal as refusal:
        if isinstance(refusal, NotAllowed):
            record_refusal(verb=refusal.verb, thing=refusal.thing, actor=actor, reason=str(refusal.message))
        return Item(
            case.number,
            done=False,
            subject=case.subject,
            state=survivor_of(case, actor).state,
            code=refusal.code,
            detail=str(refusal.message),
            remedy=str(refusal.remedy),
        )
    return _done(case, changed)
