"""RELIABILITY 21: after the database's clock has gone back, no delivery to another program waits for the old time."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models.functions import Now

from service_desk.webhooks.models import Post
from service_desk.webhooks.rules import LEASE_SECONDS
from service_desk.webhooks.sender import Sender
from service_desk.webhooks.sending import deliver_due, fan_out
from service_desk.webhooks.went_back import bring_near
from tests.notices.sinks import WebSink
from tests.webhooks.conftest import Setup, done
from tests.webhooks.test_sender import until

AHEAD = timedelta(hours=2)
HALF_AN_HOUR = 1800.0


def put_off(**values: Any) -> None:
    """All deliveries as the time before has left them: so much ahead, with an answer of then."""
    fan_out()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_post SET attempts = 2, fence = 2, created_at = before.at,"
            " tries = jsonb_build_array(jsonb_build_object('at', before.at, 'status', 500)),"
            " next_try_at = before.at + make_interval(secs => %s)"
            " FROM (SELECT statement_timestamp() + make_interval(secs => %s) AS at) before",
            [HALF_AN_HOUR, AHEAD.total_seconds()],
        )
    if values:
        Post.objects.update(**values)


def seconds_to(moment: datetime) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM %s - statement_timestamp())", [moment])
        [(seconds,)] = cursor.fetchall()
    return float(seconds)


@pytest.mark.django_db
def test_one_that_was_put_off_by_the_time_before_waits_as_long_from_now(endpoint: Setup) -> None:
    endpoint()
    done()
    put_off()
    assert bring_near() == 1
    assert seconds_to(Post.objects.get().next_try_at) == pytest.approx(HALF_AN_HOUR, abs=5)
    assert bring_near() == 0  # once, however many senders see it


@pytest.mark.django_db(transaction=True)
def test_one_that_was_never_tried_goes_out_at_once(endpoint: Setup, web_sink: WebSink) -> None:
    endpoint()
    done()
    put_off(attempts=0, tries=[], next_try_at=Now() + AHEAD)
    assert deliver_due().claimed == 0
    assert bring_near() == 1
    assert deliver_due().sent == 1


@pytest.mark.django_db
def test_one_on_its_way_keeps_a_lease(endpoint: Setup) -> None:
    endpoint()
    done()
    put_off(state="sending")
    assert bring_near() == 1
    row = Post.objects.get()
    assert row.state == "sending"
    assert seconds_to(row.next_try_at) == pytest.approx(LEASE_SECONDS, abs=5)
    assert bring_near() == 0


@pytest.mark.django_db
def test_a_wait_by_the_time_that_is_stays_as_it_is(endpoint: Setup) -> None:
    """Also the longest one that an endpoint may ask for."""
    endpoint()
    done()
    fan_out()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_post SET attempts = 1, fence = 1, next_try_at = statement_timestamp() + interval '24 h',"
            " tries = jsonb_build_array(jsonb_build_object('at', statement_timestamp(), 'status', 503))"
        )
    assert bring_near() == 0


@pytest.mark.django_db(transaction=True)
def test_a_sender_that_begins_brings_near_what_it_finds(endpoint: Setup, web_sink: WebSink) -> None:
    endpoint()
    done()
    put_off(attempts=0, tries=[], next_try_at=Now() + AHEAD)
    stop = threading.Event()

    def run() -> None:
        Sender(stopping=stop.is_set).run()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert until(lambda: web_sink.requests.qsize() == 1, 60.0)
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
