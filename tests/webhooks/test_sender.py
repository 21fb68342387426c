"""The sender's loop: it wakes for what happened, outlives the loss of its connection, and lands what is on its way."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connection, connections

from service_desk.webhooks.actions import purge_old
from service_desk.webhooks.models import Event, Post
from service_desk.webhooks.rules import KEPT
from service_desk.webhooks.sender import Sender
from tests.notices.sinks import WebSink
from tests.webhooks.conftest import Setup, aged, done


def until(true: Any, seconds: float = 20.0) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    return bool(true())


@pytest.mark.django_db(transaction=True)
def test_the_loop_sends_loses_its_connection_and_goes_on(endpoint: Setup, web_sink: WebSink) -> None:
    endpoint()
    stop, pids = threading.Event(), list[int]()
    sender = Sender(stopping=stop.is_set)

    def run() -> None:
        sender.run()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        done()
        assert until(lambda: web_sink.requests.qsize() == 1)
        pids.append(sender._session.get_backend_pid())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", pids)
        done()
        assert until(lambda: web_sink.requests.qsize() >= 2)
        assert sender._session.get_backend_pid() not in pids
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()
    assert until(lambda: Post.objects.filter(state="sent").count() == 2)


@pytest.mark.django_db
def test_what_is_older_than_thirty_days_is_forgotten(endpoint: Setup) -> None:
    endpoint()
    old, young = done(), done()
    assert old is not None
    assert young is not None
    aged(old, KEPT)
    assert purge_old() == 1
    assert list(Event.objects.values_list("pk", flat=True)) == [young.pk]
