"""Row 7: a mail server that is slow, hangs, drops, puts off or refuses: the screen knows at once, others get theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction

from service_desk.notices.actions import redrive, send_many
from service_desk.notices.actions.sending import NewNotice
from service_desk.notices.models import ChannelAddress, Delivery, Notice
from tests.faults.conftest import Run
from tests.faults.house import choose
from tests.faults.injection import Clock

#: What the matrix allows; the short form has its next channel by failures and not by the minute.
SECOND_CHANNEL = 90.0
SCREEN = choose(full=1.0, short=2.0)
#: How long the sending side waits for an answer; the full form has the product's own patience.
PATIENCE = choose(full={}, short={"EMAIL_TIMEOUT": "2"})
SLOW = choose(full=60.0, short=8.0)
PEOPLE = ("gm_marketing", "gm_product", "chief", "head")


def _tell(run: Run, name: str, *people: str, level: str = "emergency") -> list[Notice]:
    """One emergency notice to each, by the product's own verb."""
    keys = []
    for person in people:
        key = f"row7:{name}:{person}"
        keys.append(f"{key}:0")
        _send([
            NewNotice(
                dedup_key=f"{key}:0", chain=key, kind="clock_breach", level=level,
                recipient_id=getattr(run.world, person).pk, slot="handler", facts={"number": name}, about="", link="/",
            )
        ])  # fmt: skip
    return list(Notice.objects.filter(dedup_key__in=keys).order_by("pk"))


@transaction.atomic
def _send(notices: list[NewNotice]) -> None:
    send_many(notices)


def _mail_of(notice: Notice) -> Any:
    return Delivery.objects.get(notice=notice, channel="email")


def _hook(notice: Notice) -> bool:
    return Delivery.objects.filter(notice=notice, channel="webhook", state="sent").exists()


def test_a_broken_mail_server(run: Run, say: Callable[[str], None]) -> None:
    ChannelAddress.objects.create(kind="webhook", target=run.hooks.url, name="值班群")
    run.fleet.start("dispatch", env={**PATIENCE, "SECRET_KEY": settings.SECRET_KEY})
    run.fleet.until_ready()
    _slow(run, say)
    _hanging(run, say)
    _dropped_after_its_word(run, say)
    _put_off_for_one(run, say)
    _refused(run, say)


def _slow(run: Run, say: Callable[[str], None]) -> None:
    """Nobody waits for the mail: the notice is on the screen, and the next channel opens."""
    run.mail.manners.delay = SLOW
    clock = Clock()
    notices = _tell(run, "slow", "gm_marketing", "gm_product")
    seen = run.fleet.until(lambda: _on_screen(notices), seconds=10, what="on the screen")
    assert clock.seconds <= SCREEN + 1
    took = run.fleet.until(lambda: all(map(_hook, notices)), seconds=SECOND_CHANNEL, what="second channel")
    assert not any(_mail_of(notice).state == "sent" for notice in notices)  # the fault was there all the time
    run.mail.manners.delay = 0.0
    run.fleet.until(lambda: _sent(notices), seconds=SECOND_CHANNEL, what="mail after all")
    say(f"answers after {SLOW:.0f} s: on the screen {seen:.2f} s, second channel {took:.1f} s")


def _on_screen(notices: list[Notice]) -> bool:
    """The feed of a person is made of these rows; they are committed with what caused them."""
    return Notice.objects.filter(pk__in=[notice.pk for notice in notices]).count() == len(notices)


def _sent(notices: list[Notice]) -> bool:
    return all(_mail_of(notice).state == "sent" for notice in notices)


def _hanging(run: Run, say: Callable[[str], None]) -> None:
    """It takes the message and never answers: repeated under the same Message-ID, and marked so."""
    run.mail.manners.hang_after_data = True
    (notice,) = _tell(run, "hang", "chief")
    message_id = _mail_of(notice).message_id
    run.fleet.until(lambda: run.mail.copies()[message_id] >= 2, seconds=60, what="tried twice")
    took = run.fleet.until(lambda: _hook(notice), seconds=SECOND_CHANNEL, what="second channel")
    run.mail.manners.hang_after_data = False
    run.fleet.until(lambda: _sent([notice]), seconds=SECOND_CHANNEL, what="mail after all")
    row = _mail_of(notice)
    assert (row.message_id, row.repeat_possible) == (message_id, True)
    say(f"silent after DATA: {run.mail.copies()[message_id]} copies of one Message-ID, second channel {took:.1f} s")


def _dropped_after_its_word(run: Run, say: Callable[[str], None]) -> None:
    """The line breaks around its 250: whatever the desk has read of it, the copies bear one name."""
    run.mail.manners.drop_after_data = True
    (notice,) = _tell(run, "drop", "head")
    message_id = _mail_of(notice).message_id
    run.fleet.until(lambda: run.mail.copies()[message_id] >= 1, seconds=30, what="taken")
    run.mail.manners.drop_after_data = False
    run.fleet.until(lambda: _sent([notice]), seconds=SECOND_CHANNEL, what="sent")
    copies = run.mail.copies()[message_id]
    assert _mail_of(notice).repeat_possible == (copies > 1)
    say(f"dropped after its 250: {copies} copies of one Message-ID")


def _put_off_for_one(run: Run, say: Callable[[str], None]) -> None:
    """451 for one recipient: the others are not sent again."""
    run.mail.manners.later = {run.world.gm_product.email}
    notices = _tell(run, "later", *PEOPLE)
    put_off = next(notice for notice in notices if notice.recipient_id == run.world.gm_product.pk)
    others = [notice for notice in notices if notice.pk != put_off.pk]
    run.fleet.until(lambda: _sent(others), seconds=30, what="the others")
    run.fleet.until(lambda: _mail_of(put_off).attempts >= 2, seconds=60, what="tried again")
    assert "451" in _mail_of(put_off).last_error
    run.mail.manners.later = set()
    run.fleet.until(lambda: _sent([put_off]), seconds=SECOND_CHANNEL, what="the one that was put off")
    copies = [run.mail.copies()[_mail_of(notice).message_id] for notice in notices]
    assert copies == [1] * len(PEOPLE)
    say(f"451 for one of {len(PEOPLE)}: copies {copies}")


def _refused(run: Run, say: Callable[[str], None]) -> None:
    """550 is final: the dead letter is seen, the duty manager told, and driven again under the same key."""
    run.mail.manners.never = {run.world.chief.email}
    (notice,) = _tell(run, "never", "chief", level="breach")
    run.fleet.until(lambda: _mail_of(notice).state == "dead", seconds=30, what="given up")
    row = _mail_of(notice)
    assert "550" in row.last_error
    run.fleet.until(
        lambda: Notice.objects.filter(kind="delivery_failed", chain__startswith=f"delivery:{row.pk}:").exists(),
        seconds=15,
        what="the duty manager told",
    )
    assert Delivery.objects.filter(pk=row.pk, state="dead").exists()
    run.mail.manners.never = set()
    redrive(delivery=row, actor=run.world.manager)
    run.fleet.until(lambda: _sent([notice]), seconds=30, what="driven again")
    again = _mail_of(notice)
    assert (again.pk, again.dedup_key, again.message_id) == (row.pk, row.dedup_key, row.message_id)
    assert run.mail.copies()[row.message_id] == 1
    say("550: dead letter seen, told, and delivered once under the same key when driven again")
