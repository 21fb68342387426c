"""Row 7: a mail server that is slow, hangs, drops, puts off, refuses or is away: the screen knows at once, others too.

Everybody here has a second channel that is switched off: nothing but a stalled emergency opens it. One person has a
third one that is on, as the matrix has its SMS: it may not wait for the mail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.test import Client

from service_desk.deadlines.clock import now
from service_desk.notices.actions import send_many
from service_desk.notices.actions.sending import NewNotice
from service_desk.notices.models import ChannelAddress, Delivery, Notice
from service_desk.notices.permissions import SCOPE_READ
from service_desk.people.models import Staff
from service_desk.rest.actions import issue_key
from tests.faults.conftest import Run
from tests.faults.house import FULL, choose

#: What the matrix allows; with the short form's patience it is the failures that open the next channel.
SECOND_CHANNEL = 90.0
AT_ONCE = choose(full=1.0, short=3.0)
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


def _second(notice: Notice) -> Any:
    """The delivery by the channel that is switched off, if it has been opened."""
    found = Delivery.objects.filter(notice=notice, channel="webhook", address__enabled=False)
    return found.first()


def _told_there(notice: Notice) -> bool:
    row = _second(notice)
    return row is not None and row.state == "sent"


def _opened(run: Run, *notices: Notice) -> float:
    """Wait until all are told by their second channel, each once; the seconds from the notice to the longest."""
    assert not any(map(_told_there, notices))
    run.fleet.until(lambda: all(map(_told_there, notices)), seconds=SECOND_CHANNEL + 10, what="second channel")
    rows = [_second(notice) for notice in notices]
    assert {run.hooks.copies()[row.dedup_key] for row in rows} == {1}
    took: float = max((row.sent_at - row.notice.created_at).total_seconds() for row in rows)
    assert took <= SECOND_CHANNEL
    return took


def test_a_broken_mail_server(run: Run, say: Callable[[str], None]) -> None:
    for person in PEOPLE:
        owner = getattr(run.world, person)
        ChannelAddress.objects.create(kind="webhook", target=f"{run.hooks.url}?{person}", staff=owner, enabled=False)
    ChannelAddress.objects.create(kind="webhook", target=f"{run.hooks.url}?now", staff=run.world.gm_marketing)
    run.fleet.start("dispatch", "web-1", env={**PATIENCE, "SECRET_KEY": settings.SECRET_KEY})
    run.fleet.until_ready()
    _slow(run, say)
    _hanging(run, say)
    _dropped_around_its_word(run, say)
    _dropped_after_its_word(run, say)
    _put_off_for_one(run, say)
    _away(run, say)
    _refused(run, say)


def _slow(run: Run, say: Callable[[str], None]) -> None:
    """Nobody waits for the mail: not the screen, not a channel that is on; and the one that is off opens."""
    feed = _Feed(run)
    run.mail.manners.delay = SLOW
    notices = _tell(run, "slow", "gm_marketing", "gm_product")
    seen = run.fleet.until(lambda: feed.holds(notices[0]), seconds=AT_ONCE, what="on the screen")
    beside = Delivery.objects.filter(notice=notices[0], address__enabled=True)
    run.fleet.until(lambda: beside.filter(state="sent").exists(), seconds=10, what="the channel that is on")
    (sent_at,) = beside.values_list("sent_at", flat=True)
    assert sent_at is not None
    at_once = sent_at - notices[0].created_at
    assert at_once <= timedelta(seconds=AT_ONCE)
    assert [_second(notice) for notice in notices] == [None, None]
    took = _opened(run, *notices)
    assert not any(_mail_of(notice).state == "sent" for notice in notices)  # the fault was there all the time
    run.mail.manners.delay = 0.0
    _after_all(run, notices)
    say(
        f"answers after {SLOW:.0f} s: on the screen {seen:.2f} s, channel beside {at_once.total_seconds():.2f} s,"
        f" second channel opened and told {took:.1f} s"
    )


class _Feed:
    """What one person's open page is made of, asked over HTTP."""

    def __init__(self, run: Run) -> None:
        owner = run.world.gm_marketing
        _row, key = issue_key(
            actor=owner, owner=owner, name="page", scopes=[SCOPE_READ], expires_at=now() + timedelta(days=1)
        )
        self._headers = {"Authorization": f"Bearer {key}"}
        self._port = run.fleet.port
        self.holds(None)  # the first request of a process loads what all others find there

    def holds(self, notice: Notice | None) -> bool:
        line = HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            line.request("GET", "/api/v1/notices/", headers=self._headers)
            answer = line.getresponse()
            told = json.loads(answer.read())
        finally:
            line.close()
        assert answer.status == 200, told
        return notice is not None and str(notice.key) in {each["key"] for each in told["results"]}


def _sent(notices: list[Notice]) -> bool:
    return all(_mail_of(notice).state == "sent" for notice in notices)


def _after_all(run: Run, notices: list[Notice]) -> None:
    """The mail server is well again, and they arrive; the short form does not wait for the next attempt's time."""
    if not FULL:
        run.house.ask("UPDATE notices_delivery SET next_attempt_at = statement_timestamp() WHERE state = 'pending'")
    run.fleet.until(lambda: _sent(notices), seconds=2 * SECOND_CHANNEL, what="mail after all")


def _hanging(run: Run, say: Callable[[str], None]) -> None:
    """It takes the message and never answers: repeated under the same Message-ID, and marked so."""
    run.mail.manners.hang_after_data = True
    (notice,) = _tell(run, "hang", "chief")
    message_id = _mail_of(notice).message_id
    run.fleet.until(lambda: run.mail.copies()[message_id] >= 2, seconds=60, what="tried twice")
    took = _opened(run, notice)
    run.mail.manners.hang_after_data = False
    _after_all(run, [notice])
    row = _mail_of(notice)
    assert (row.message_id, row.repeat_possible) == (message_id, True)
    say(f"silent after DATA: {run.mail.copies()[message_id]} copies of one Message-ID, second channel {took:.1f} s")


def _dropped_around_its_word(run: Run, say: Callable[[str], None]) -> None:
    """The line breaks around its 250: whatever the desk has read of it, the copies bear one name."""
    run.mail.manners.drop_after_data = True
    (notice,) = _tell(run, "drop", "head")
    message_id = _mail_of(notice).message_id
    run.fleet.until(lambda: run.mail.copies()[message_id] >= 1, seconds=30, what="taken")
    run.mail.manners.drop_after_data = False
    run.fleet.until(lambda: _sent([notice]), seconds=SECOND_CHANNEL, what="sent")
    copies = run.mail.copies()[message_id]
    assert _mail_of(notice).repeat_possible == (copies > 1)
    say(f"dropped around its 250: {copies} copies of one Message-ID")


def _dropped_after_its_word(run: Run, say: Callable[[str], None]) -> None:
    """Its 250 has been read when the line breaks: the letter is out, and does not go out again."""
    run.mail.manners.drop_after_word = True
    (notice,) = _tell(run, "word", "chief")
    run.fleet.until(lambda: _sent([notice]), seconds=30, what="sent")
    row = _mail_of(notice)
    broken = run.mail.broken_farewells
    run.mail.manners.drop_after_word = False
    assert broken >= 1
    assert (row.attempts, row.repeat_possible) == (1, False)
    assert run.mail.copies()[row.message_id] == 1
    say("dropped behind its 250: sent, one copy")


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


def _away(run: Run, say: Callable[[str], None]) -> None:
    """Every connection is refused: the second channel opens, and the mail goes out once somebody listens again."""
    run.mail.stop()
    (notice,) = _tell(run, "away", "head")
    took = _opened(run, notice)
    row = _mail_of(notice)
    assert (row.state, row.repeat_possible) == ("pending", False)
    assert "refused" in row.last_error.lower()
    run.mail.start()
    _after_all(run, [notice])
    assert run.mail.copies()[row.message_id] == 1
    say(f"connection refused: second channel {took:.1f} s, one copy when it was back")


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
    page = _Page(run, run.world.manager)
    red = page.get("/notices/undelivered/")
    assert f'action="/notices/undelivered/{row.pk}/redrive/"' in red
    assert "SMTP 550" in red
    run.mail.manners.never = set()
    assert page.press(f"/notices/undelivered/{row.pk}/redrive/") == 302
    run.fleet.until(lambda: _sent([notice]), seconds=30, what="driven again")
    again = _mail_of(notice)
    assert (again.pk, again.dedup_key, again.message_id) == (row.pk, row.dedup_key, row.message_id)
    assert run.mail.copies()[row.message_id] == 1
    assert f"/{row.pk}/redrive/" not in page.get("/notices/undelivered/")
    say("550: dead letter on its page, told, and delivered once under the same key when its button was pressed")


class _Page:
    """What somebody who has logged in sees, over HTTP."""

    def __init__(self, run: Run, somebody: Staff) -> None:
        client = Client()
        client.force_login(somebody, "service_desk.people.backends.DeskBackend")
        self._cookies = {settings.SESSION_COOKIE_NAME: str(client.session.session_key)}
        self._port = run.fleet.port
        self._form = ""

    def get(self, path: str) -> str:
        """The page, and what it takes to press a button on it."""
        status, text = self._ask("GET", path)
        assert status == 200, (status, text)
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)
        self._form = found[1] if found else ""
        return text

    def press(self, path: str) -> int:
        """The button behind that address; the status of the answer."""
        return self._ask("POST", path, urlencode({"csrfmiddlewaretoken": self._form}))[0]

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        line = HTTPConnection("127.0.0.1", self._port, timeout=90)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            line.request(method, path, body or None, headers)
            answer = line.getresponse()
            for given in answer.headers.get_all("Set-Cookie", []):
                name, _equals, value = given.partition(";")[0].partition("=")
                self._cookies[name] = value
            return answer.status, answer.read().decode()
        finally:
            line.close()
