"""Watching a case, and mentioning a colleague in a note: both tell people who do not hold the case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases import mentions
from service_desk.cases.models import Case, CaseEvent, CaseWatch, Mention
from service_desk.cases.models.watching import WatchReason, who_may_see
from service_desk.cases.present import has
from service_desk.cases.rules import is_complaint
from service_desk.kept import keep
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.kinds import hidden
from service_desk.notices.live import poke_case
from service_desk.notices.rules import Level
from service_desk.people.access import require
from service_desk.people.models import Staff
from service_desk.rest.errors import FieldError, Invalid, NotFound

if TYPE_CHECKING:
    from service_desk.cases.actions.changing import Change

#: Nobody is helped by a note that names more people than this.
MOST_MENTIONS = 20
_EXCERPT = 300


def watch(*, case: Case, actor: Any) -> CaseWatch:
    """Be told of what happens to a case from now on; a second press changes nothing."""
    with transaction.atomic():
        _demand_sight(case, actor, "case.watch")
        watching, fresh = CaseWatch.objects.get_or_create(case=case, staff=actor)
        if fresh:
            record(verb="case.watch", thing=f"case:{case.pk}", actor=actor)
            poke_case(case.number, case.told_pages)
    return watching


def unwatch(*, case: Case, actor: Any) -> bool:
    """Be told no more; whether this person was watching."""
    with transaction.atomic():
        _demand_sight(case, actor, "case.watch")
        ended, _by_model = CaseWatch.objects.filter(case=case, staff=actor).delete()
        if ended:
            record(verb="case.unwatch", thing=f"case:{case.pk}", actor=actor)
            poke_case(case.number, case.told_pages)
    return bool(ended)


@keep
def _watches(case: int) -> QuerySet[CaseWatch]:
    return CaseWatch.objects.filter(case=case).select_related("staff").order_by("since", "id")


def watchers_of(case: Case) -> list[CaseWatch]:
    """Who watches, those who may no longer see the case left out."""
    watches = _watches(case.pk) if has(case, "watches") else []
    seeing = who_may_see(case, [each.staff for each in watches])
    return [each for each in watches if each.staff_id in seeing]


def tell_watchers(change: Change) -> None:
    """One notice of this change to each watcher who has not been told of it otherwise and did not make it.

    Whoever may see the case no longer is not told, and watches no longer.
    """
    if not change.lines:
        return
    case = change.case
    watches = list(case.watches.select_related("staff"))
    if not watches:
        return
    seeing = who_may_see(case, [each.staff for each in watches])
    _end([each for each in watches if each.staff_id not in seeing], case)
    said = next((line.text for line in change.lines if line.text), "")
    facts = {
        "number": case.number,
        "customer": case.customer.name,
        "subject": case.subject,
        "by": str(change.actor),
        "events": [str(line.type) for line in change.lines],
        "text": said[:_EXCERPT],
    }
    told = change.told | {change.actor.pk}
    send_many([_notice(change, pk, facts) for pk in sorted(seeing - told)])


def mention(change: Change, event: CaseEvent) -> None:
    """Tell the colleagues whom the text of `event` names with @, and let them watch the case.

    Raises Invalid on `text` when a name means several people, or somebody who may not see the case.
    """
    found = _mentioned(change.case, event.text) if "@" in event.text or "＠" in event.text else {}
    for person, words in found.items():
        Mention.objects.create(event=event, staff=person, words=words)
        if person.pk == change.actor.pk:
            continue
        CaseWatch.objects.get_or_create(
            case=change.case, staff=person, defaults={"reason": WatchReason.MENTIONED, "since": change.now}
        )
        change.tell("mentioned", person.pk, "mentioned", event.pk, text=event.text[:_EXCERPT])


def _mentioned(case: Case, text: str) -> dict[Staff, str]:
    """Whom the text names, each once, with the words of the first time."""
    people = Staff.objects.filter(is_active=True)
    names = mentions.names_of(people.values_list("pk", "full_name", "username"))
    named = list(mentions.find(text, names))
    wrong = [
        _("Several people are called %(name)s. Choose one from the list, or write @ and the user name.")
        % {"name": each.words[1:]}
        for each in named
        if len(each.people) > 1
    ]
    words: dict[int, str] = {}
    for each in named:
        words.setdefault(each.people[0], each.words)
    if len(words) > MOST_MENTIONS:
        wrong.append(_("Please mention at most %(limit)s people.") % {"limit": MOST_MENTIONS})
    _refuse(wrong, "mention_unclear")
    found = {person: words[person.pk] for person in people.filter(pk__in=words).order_by("pk")}
    seeing = who_may_see(case, found)
    blind = _("%(name)s may not see this case and cannot be told of it. Take the name out.")
    _refuse([blind % {"name": person} for person in found if person.pk not in seeing], "mention_may_not_see")
    return found


def _refuse(messages: Iterable[str], code: str) -> None:
    errors = [FieldError("text", message, code) for message in dict.fromkeys(messages)]
    if errors:
        raise Invalid.of(errors)


def _notice(change: Change, recipient: int, facts: dict[str, Any]) -> NewNotice:
    key = f"case:{change.case.pk}:watched:{change.case.version}:{recipient}"
    return NewNotice(
        dedup_key=key,
        chain=key,
        kind="watched",
        level=Level.INFO,
        recipient_id=recipient,
        slot="watcher",
        facts=hidden(facts) if is_complaint(change.case) else facts,
        about=f"watched:{change.case.pk}",  # not the case itself: its stream does not repeat itself for each watcher
        link=change.case.get_absolute_url(),
        private=change.case.confidential,
    )


def _end(watches: list[CaseWatch], case: Case) -> None:
    for each in watches:
        each.delete()
        record(
            verb="case.unwatch",
            thing=f"case:{case.pk}",
            actor=None,
            detail={"staff": each.staff_id, "reason": "may not see the case"},
        )


def _demand_sight(case: Case, actor: Any, verb: str) -> None:
    found = Case.objects.visible_to(actor).filter(pk=case.pk).first()
    if found is None:
        raise NotFound(_("There is no such case."))
    require(actor, verb, found)
