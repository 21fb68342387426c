"""Words to those who answer for secrets: somebody looks at many numbers, and each day where the trail stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.customers.models import PrivacyRequest
from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.kinds import register
from service_desk.notices.rules import Level
from service_desk.people.actions.guarding import Alarm, answerable, listen
from service_desk.people.models import GuardRule
from service_desk.people.roster import database_now

#: So long before its time is over the answer to a request is asked for.
_SOON = timedelta(days=3)
_MOST = 200


def _many_words(facts: Mapping[str, Any]) -> dict[str, str]:
    return {
        "what_now": gettext("No more are shown to them today.")
        if facts["stopped"]
        else gettext("More are still shown.")
    }


register(
    "many_reveals",
    words=_many_words,
    subject=_("%(who)s has had %(shown)s telephone numbers shown in full today"),
    body=_(
        "%(who)s has had %(shown)s telephone numbers shown in full on %(day)s. %(what_now)s\n"
        "Each look stands in the audit trail with its reason. Ask what they are needed for."
    ),
)


@listen
def tell_of_reveals(alarm: Alarm) -> None:
    """In the transaction of the look, once for each limit reached; private: it is about a person."""
    step = "stopped" if alarm.stopped else "many"
    chain = f"staff:{alarm.who.pk}:reveals:{alarm.day}:{step}"
    facts = {"who": str(alarm.who), "shown": alarm.shown, "day": alarm.day.isoformat(), "stopped": alarm.stopped}
    send_many(
        [
            NewNotice(
                dedup_key=f"{chain}:{pk}",
                chain=f"{chain}:{pk}",
                kind="many_reveals",
                level=Level.WARNING,
                recipient_id=pk,
                facts=facts,
                about=f"staff:{alarm.who.pk}",
                private=True,
            )
            for pk in alarm.tell
        ]
    )


register(
    "privacy_request_due",
    subject=_("Request %(number)s of %(customer)s about their data: answer due %(due)s"),
    body=_(
        "%(customer)s asks about their own data (request %(number)s). The law gives a time for the answer; it is over"
        " at %(due)s. Open the request at the desk and answer it."
    ),
)


def remind_of_requests() -> int:
    """Tell who decides of each open request once before its time is over, and once after; how many notices."""
    with transaction.atomic():
        moment = database_now()
        people = answerable(GuardRule.in_force())
        found = PrivacyRequest.objects.filter(state="open", due_at__lte=moment + _SOON).select_related("customer")
        notices = [
            _reminder(request, pk, "late" if request.due_at <= moment else "soon")
            for request in found.order_by("due_at", "id")[:_MOST]
            for pk in people
        ]
        return len(send_many(notices))


def _reminder(request: PrivacyRequest, recipient: int, step: str) -> NewNotice:
    chain = f"privacyrequest:{request.pk}:{step}:{recipient}"
    return NewNotice(
        dedup_key=chain,
        chain=chain,
        kind="privacy_request_due",
        level=Level.BREACH if step == "late" else Level.WARNING,
        recipient_id=recipient,
        facts={
            "number": request.pk,
            "customer": request.customer.name,
            "due": f"{timezone.localtime(request.due_at):%Y-%m-%d %H:%M}",
        },
        about=f"customer:{request.customer_id}",
        link=request.get_absolute_url(),
        private=True,
    )
