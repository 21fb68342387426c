"""Words to those who answer for secrets: somebody looks at many numbers, and each day where the trail stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.notices.actions import NewNotice, send_many
from service_desk.notices.kinds import register
from service_desk.notices.rules import Level
from service_desk.people.actions.guarding import Alarm, listen


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
