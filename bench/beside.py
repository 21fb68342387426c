"""(a) Registering while the desk does something heavy: a storm of clocks, a long list being written, reports.

Each is set against the same caller on the same desk a moment before, with nothing but the desk's own work.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from django.db import connections

from bench.due_storm import DUE, Lead, outcome, prepared
from bench.figures import Figure, Order, of_runs
from bench.house import forget_mail, running, settle
from bench.registering import Caller, Variant
from service_desk.cases.models import Case
from service_desk.people.models import Staff
from service_desk.people.rules import Role
from service_desk.reports import vault
from service_desk.reports.actions import ask
from service_desk.reports.figures import answer, question
from service_desk.reports.models import Export
from service_desk.reports.periods import Period
from service_desk.reports.rules import OPEN_STATES
from service_desk.rest.errors import Invalid

#: One caller for some three seconds: as long as a storm lasts.
CALLS, PATIENCE = 150, 60
_SPAN = timedelta(days=230)


def figures(order: Order) -> Iterator[Figure]:
    """A caller alone, and the same one beside each kind of work."""
    count = order.some(DUE, 50)
    with running(lambda name: True) as port:
        caller = Caller(port)
        caller.order(Variant("", "major", 8, 320))
        settle()
        one = Variant("major fault", "major", 1, order.some(CALLS, 10))
        alone, stormy, late = [], [], []
        lead = Lead.for_so_many(count)
        for _run in range(order.runs):
            alone.append(caller.order(one))
            ahead = prepared(count, lead)
            ahead.wait(0.3)
            stormy.append(caller.order(one))
            late.append({"load": stormy[-1]["load"], **outcome(ahead)})
            forget_mail()
        yield from of_runs("registering, one caller, alone", alone)
        yield from _over(f"while {count:,} clocks come due", stormy)
        yield from of_runs(f"{count:,} clocks due in one second, with a caller", late, names=("p99", "max"), unit="s")
        for what, work in (("while a list is written", writing), ("while reports are summed", summing)):
            settle(30)
            before = [caller.order(one) for _run in range(order.runs)]
            with work() as still:
                found = []
                for _run in range(order.runs):
                    found.append(caller.order(one))
                    still()
            forget_mail()
            yield from of_runs(f"registering, one caller, just before ({what})", before, main=False)
            yield from _over(what, found, f"registering, one caller, just before ({what})")


def _over(what: str, found: list[dict[str, Any]], alone: str = "registering, one caller, alone") -> list[Figure]:
    return of_runs(f"registering, one caller, {what}", found, over=alone)


def _supervisor() -> Any:
    return Staff.objects.filter(is_active=True, roles__contains=[Role.SUPERVISOR]).earliest("pk")


@contextmanager
def writing() -> Iterator[Callable[[], None]]:
    """The worker writes all cases as a file; the check says whether it still does."""
    query = "state=open&sort=newest"  # a desk that has grown beyond the most rows of one file is refused
    export = ask(actor=_supervisor(), what="cases", query=query, file_format="csv", language="zh-hans")

    def still() -> None:
        state = Export.objects.get(pk=export.pk).state
        if state not in OPEN_STATES:
            raise RuntimeError(f"the list was {state} before the callers had done")

    try:
        until = time.monotonic() + PATIENCE
        while not Export.objects.get(pk=export.pk).rows_done:
            if time.monotonic() > until:
                raise RuntimeError("no worker has begun to write the list")
            time.sleep(0.2)
        yield still
    finally:
        Export.objects.filter(pk=export.pk).delete()
        vault.discard(str(export.key))


@contextmanager
def summing() -> Iterator[Callable[[], None]]:
    """Somebody asks one report after the other."""
    user = _supervisor()
    newest = Case.objects.latest("accepted_at").accepted_at.date() - timedelta(days=3)
    names = ("first-response", "solution", "clocks")
    questions = [question(user, name, Period(newest - _SPAN, newest)) for name in names]
    over, failed = threading.Event(), []

    def work() -> None:
        try:
            while not over.is_set():
                for one in questions:
                    with suppress(Invalid):  # it took longer than a page may wait: the next
                        answer(one)
        except Exception as error:  # told by whoever looks whether the work goes on
            failed.append(error)
        finally:
            connections.close_all()

    def still() -> None:
        if failed:
            raise RuntimeError("the reports failed") from failed[0]

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield still
    finally:
        over.set()
        thread.join()
