"""From what happened to the other side: signed, at least once, tried again, never twice at once, given up in sight."""

from __future__ import annotations

import json
import socket
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from standardwebhooks import Webhook

from service_desk.audit.models import AuditEntry
from service_desk.notices.models import Notice
from service_desk.rest.signing import sign
from service_desk.webhooks import vault
from service_desk.webhooks.actions import (
    redeliver,
    redeliver_since,
    retire_old_secret,
    rotate_secret,
    send_test,
    switch_endpoint,
)
from service_desk.webhooks.emitting import emit
from service_desk.webhooks.models import Endpoint, Event, Post
from service_desk.webhooks.rules import MAX_TRIES, RETRY_SECONDS, retry_after
from service_desk.webhooks.sending import Sending, deliver_due, fan_out
from service_desk.webhooks.standing import note_standing
from tests.notices.sinks import WebSink
from tests.webhooks.conftest import Setup, administrator, aged, done, failing_for, sooner

pytestmark = pytest.mark.django_db


def only_post() -> Post:
    return Post.objects.with_all().get()


def test_an_event_reaches_the_endpoint_signed_over_the_raw_bytes(endpoint: Setup, web_sink: WebSink) -> None:
    issued = endpoint()
    event = done(thing={"id": 7, "name": "深圳电信"})
    deliver_due()
    path, headers, body = web_sink.requests.get(timeout=5)
    assert event is not None
    assert path == "/hook"
    said = Webhook(issued.secret).verify(body, headers)
    assert said["id"] == headers["webhook-id"] == event.key
    assert (said["type"], said["version"], said["data"]) == ("thing.done", 1, {"thing": {"id": 7, "name": "深圳电信"}})
    assert "深圳电信".encode() in body
    stamp = headers["webhook-timestamp"]
    assert headers["webhook-signature"] == sign(issued.secret, event.key, stamp, body)
    post = only_post()
    assert (post.state, post.attempts, post.last_try["status"]) == ("sent", 1, 204)
    row = Endpoint.objects.get()
    assert row.last_success_at is not None
    assert row.failing_since is None


def test_an_event_is_part_of_the_transaction_of_what_happened(endpoint: Setup) -> None:
    endpoint()
    with transaction.atomic():
        emit("thing.done", {"thing": {"id": 1}})
        transaction.set_rollback(True)
    assert Event.objects.count() == 0
    with pytest.raises(KeyError), transaction.atomic():
        emit("nobody.knows", {})


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_emitted(endpoint: Setup) -> None:
    endpoint()
    with pytest.raises(transaction.TransactionManagementError):
        emit("thing.done", {})
    assert Event.objects.count() == 0


def test_what_nobody_wants_becomes_no_row(endpoint: Setup) -> None:
    assert done() is None
    endpoint("thing.undone")
    assert done() is None


def test_emitting_is_one_statement(endpoint: Setup, django_assert_num_queries: Any) -> None:
    endpoint()
    with transaction.atomic(), django_assert_num_queries(1):
        emit("thing.done", {"thing": {"id": 1}})


def test_each_endpoint_gets_what_it_asked_for_under_the_name_it_asked_by(endpoint: Setup, web_sink: WebSink) -> None:
    endpoint("thing.done", path="/own")
    endpoint("thing.happened", path="/contract")
    endpoint("thing.done", "thing.happened", path="/both")
    endpoint("thing.undone", path="/other")
    done()
    assert deliver_due().sent == 3
    told = {}
    while not web_sink.requests.empty():
        path, _headers, body = web_sink.requests.get()
        told[path] = json.loads(body)["type"]
    assert told == {"/own": "thing.done", "/contract": "thing.happened", "/both": "thing.done"}


def test_both_secrets_sign_until_the_old_one_is_retired(endpoint: Setup, web_sink: WebSink) -> None:
    issued = endpoint()
    newer = rotate_secret(actor=administrator(), endpoint=issued.endpoint)
    done()
    deliver_due()
    _path, headers, body = web_sink.requests.get(timeout=5)
    for secret in (issued.secret, newer.secret):
        assert Webhook(secret).verify(body, headers)
    retire_old_secret(actor=administrator(), endpoint=issued.endpoint)
    done()
    deliver_due()
    _path, headers, body = web_sink.requests.get(timeout=5)
    assert headers["webhook-signature"].count("v1,") == 1
    assert Webhook(newer.secret).verify(body, headers)


def test_secrets_are_stored_encrypted(endpoint: Setup) -> None:
    issued = endpoint()
    row = Endpoint.objects.get()
    assert issued.secret.startswith("whsec_")
    assert issued.secret not in row.secret
    assert vault.unlock(row.secret) == issued.secret
    assert issued.secret not in json.dumps(list(AuditEntry.objects.values_list("detail", flat=True)))


def test_without_a_readable_secret_nothing_goes_out_unsigned(endpoint: Setup, web_sink: WebSink, settings: Any) -> None:
    endpoint()
    done()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key altogether, and long enough", []
    deliver_due()
    assert web_sink.requests.empty()
    assert only_post().last_try["error"] == "unreadable"


def test_a_failure_is_tried_again_under_the_same_id_and_with_the_same_bytes(endpoint: Setup, web_sink: WebSink) -> None:
    answers: Any = iter([(500, {}, "系统忙".encode() * 400), (204, {}, b"")])
    web_sink.answer = lambda _path: next(answers)
    endpoint()
    done()
    assert deliver_due().failed == 1
    post = only_post()
    assert (post.state, post.last_try["status"], post.last_try["error"]) == ("pending", 500, "HTTP 500")
    assert len(post.last_try["answer"]) == 300  # cut
    assert Endpoint.objects.get().failing_since is not None
    assert deliver_due().claimed == 0  # not yet
    sooner()
    assert deliver_due().sent == 1
    first, second = web_sink.requests.get(), web_sink.requests.get()
    assert (first[1]["webhook-id"], first[2]) == (second[1]["webhook-id"], second[2])
    assert [one.get("status") for one in only_post().tries] == [500, 204]
    assert Endpoint.objects.get().failing_since is None


def test_the_tries_are_those_of_the_contract() -> None:
    assert RETRY_SECONDS == (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    assert timedelta(days=3) <= timedelta(seconds=sum(RETRY_SECONDS)) <= timedelta(days=4)
    assert retry_after(1, 0.5) == 5
    assert retry_after(MAX_TRIES, 0.5) is None
    assert 4.5 <= (retry_after(1, 0.0) or 0) < (retry_after(1, 0.99) or 0) <= 5.5


def test_the_last_try_ends_in_sight(endpoint: Setup, web_sink: WebSink) -> None:
    web_sink.answer = lambda _path: (503, {}, b"")
    endpoint()
    done()
    fan_out()
    Post.objects.update(attempts=MAX_TRIES - 1, fence=MAX_TRIES - 1)
    deliver_due()
    assert only_post().state == "dead"


def test_retry_after_is_heard_but_not_without_end(endpoint: Setup, web_sink: WebSink) -> None:
    web_sink.answer = lambda _path: (429, {"Retry-After": "3600"}, b"")
    endpoint()
    done()
    deliver_due()
    since = Endpoint.objects.get().failing_since
    assert since is not None
    waits = only_post().next_try_at - since
    assert timedelta(minutes=59) < waits <= timedelta(minutes=61)
    assert retry_after(1, 0.5, 1e9) == 86400


def test_410_switches_the_endpoint_off_and_tells_the_administrators(endpoint: Setup, web_sink: WebSink) -> None:
    web_sink.answer = lambda _path: (410, {}, b"gone")
    issued = endpoint()
    done()
    done()
    deliver_due()
    row = Endpoint.objects.get()
    assert (row.is_active, row.pause_reason) == (False, "gone")
    notice = Notice.objects.get(kind="webhook_paused")
    assert notice.recipient == administrator()
    assert notice.facts["name"] == issued.endpoint.name
    assert AuditEntry.objects.filter(verb="webhook.pause").count() == 1


def test_three_days_of_failure_switch_it_off_sooner_do_not(endpoint: Setup, web_sink: WebSink) -> None:
    web_sink.answer = lambda _path: (500, {}, b"")
    issued = endpoint()
    done()
    failing_for(issued.endpoint, timedelta(days=2, hours=23))
    deliver_due()
    assert Endpoint.objects.get().is_active
    failing_for(issued.endpoint, timedelta(days=3, seconds=1))
    sooner()
    deliver_due()
    assert Endpoint.objects.get().pause_reason == "failing"
    assert Notice.objects.filter(kind="webhook_paused").count() == 1


def test_a_redirect_is_not_followed(endpoint: Setup, web_sink: WebSink) -> None:
    web_sink.answer = lambda path: (
        (302, {"Location": f"{web_sink.url}/elsewhere"}, b"") if path == "/hook" else (204, {}, b"")
    )
    endpoint()
    done()
    deliver_due()
    assert web_sink.requests.qsize() == 1
    assert only_post().last_try["error"] == "HTTP 302"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "10.0.0.7", "172.16.1.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]",
        "2130706433", "0x7f000001", "127.1",
    ],
)  # fmt: skip
def test_nothing_is_sent_into_private_networks(endpoint: Setup, web_sink: WebSink, settings: Any, host: str) -> None:
    port = web_sink.server.server_address[1]
    issued = endpoint()
    settings.WEBHOOK_ALLOW_PRIVATE = False
    Endpoint.objects.filter(pk=issued.endpoint.pk).update(url=f"https://{host}:{port}/hook")
    done()
    deliver_due()
    assert web_sink.requests.empty()
    assert only_post().last_try["error"] == "The address leads into a private network."


def test_a_name_that_answers_otherwise_the_second_time_is_of_no_use(
    endpoint: Setup, web_sink: WebSink, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: only what was checked is connected to."""
    port = web_sink.server.server_address[1]
    issued = endpoint()
    settings.WEBHOOK_ALLOW_PRIVATE = False
    Endpoint.objects.filter(pk=issued.endpoint.pk).update(url=f"https://rebinding.example:{port}/hook")
    asked: list[str] = []
    real = socket.getaddrinfo

    def answers(host: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(str(host))
        if host == "rebinding.example":
            inner = "192.0.2.1" if asked.count(str(host)) == 1 else "127.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (inner, port))]
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    done()
    deliver_due()
    assert web_sink.requests.empty()
    assert only_post().state == "pending"


def test_an_endpoint_that_hangs_holds_up_nobody_else(endpoint: Setup, web_sink: WebSink) -> None:
    slow = WebSink()
    slow.hang = True
    try:
        endpoint(url=f"{slow.url}/slow")
        endpoint(path="/quick")
        for _number in range(6):
            done()
        deliver_due(seconds=10.0)  # who is starved by a busy machine is not taken for one that hangs
    finally:
        slow.stop()
    quick = Post.objects.filter(endpoint__url__endswith="/quick")
    assert {post.state for post in quick} == {"sent"}
    assert web_sink.requests.qsize() == 6
    hung = Post.objects.filter(endpoint__url__endswith="/slow").first()
    assert hung is not None
    assert hung.last_try["error"] == "no_answer"


def test_a_sender_that_was_overtaken_changes_nothing(endpoint: Setup, web_sink: WebSink) -> None:
    endpoint()
    done()
    fan_out()
    frozen = Sending()
    assert frozen.launch() == 1
    deadline = time.monotonic() + 30
    while not frozen.flights._landed.qsize() and time.monotonic() < deadline:
        frozen.flights.wait(0.1)
    sooner()  # its lease ends meanwhile
    assert deliver_due().sent == 1
    before = Post.objects.values().get()
    frozen.land()
    frozen.flights.close()
    assert Post.objects.values().get() == before
    assert web_sink.requests.qsize() == 2  # at least once, under one id
    assert web_sink.requests.get()[1]["webhook-id"] == web_sink.requests.get()[1]["webhook-id"]
    assert note_standing([]) == 0


def test_a_lost_last_try_is_given_up(endpoint: Setup) -> None:
    endpoint()
    done()
    fan_out()
    Post.objects.update(state="sending", attempts=MAX_TRIES, fence=MAX_TRIES)
    sooner()
    deliver_due()
    post = only_post()
    assert (post.state, post.last_try["error"]) == ("dead", "lease_expired")


def test_what_is_switched_off_gets_nothing_and_can_catch_up(endpoint: Setup, web_sink: WebSink) -> None:
    issued = endpoint()
    switch_endpoint(actor=administrator(), endpoint=issued.endpoint, on=False)
    event = done()
    deliver_due()
    assert web_sink.requests.empty()
    assert event is not None
    switch_endpoint(actor=administrator(), endpoint=issued.endpoint, on=True)
    assert redeliver_since(actor=administrator(), endpoint=issued.endpoint, since=event.created_at) == 1
    deliver_due()
    assert web_sink.requests.get(timeout=5)[1]["webhook-id"] == event.key


def test_again_since_then_takes_what_was_missed_or_everything(endpoint: Setup, web_sink: WebSink) -> None:
    issued = endpoint("thing.done")
    old, missed, taken = done(), done(), done()
    assert old is not None
    assert missed is not None
    assert taken is not None
    deliver_due()
    aged(old, timedelta(hours=2))
    Post.objects.filter(event=missed).update(state="dead", sent_at=None)
    since = taken.created_at - timedelta(hours=1)
    args: dict[str, Any] = {"actor": administrator(), "endpoint": issued.endpoint, "since": since}
    assert redeliver_since(**args) == 1
    assert deliver_due().sent == 1
    assert redeliver_since(**args) == 0
    assert redeliver_since(**args, missed_only=False) == 2


def test_one_delivery_again_keeps_its_id(endpoint: Setup, web_sink: WebSink) -> None:
    endpoint()
    done()
    deliver_due()
    redeliver(actor=administrator(), post=only_post())
    deliver_due()
    assert web_sink.requests.get()[1]["webhook-id"] == web_sink.requests.get()[1]["webhook-id"]
    assert len(only_post().tries) == 2


def test_a_test_event_goes_to_this_endpoint_alone(endpoint: Setup, web_sink: WebSink) -> None:
    issued = endpoint("thing.undone", path="/mine")
    endpoint("thing.undone", path="/other")
    send_test(actor=administrator(), endpoint=issued.endpoint)
    assert deliver_due().sent == 1
    path, _headers, body = web_sink.requests.get()
    assert (path, json.loads(body)["type"]) == ("/mine", "webhook.test")


def test_old_answers_are_dropped(endpoint: Setup) -> None:
    endpoint()
    done()
    fan_out()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_post SET tries ="
            " (SELECT jsonb_agg(jsonb_build_object('n', n)) FROM generate_series(1, 30) n)"
        )
    deliver_due()
    tries = only_post().tries
    assert (len(tries), tries[0], tries[-1]["status"]) == (12, {"n": 20}, 204)
