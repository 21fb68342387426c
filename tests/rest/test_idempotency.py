"""A repeated POST does the thing once: repeated later, at the same moment, after a refusal and after a crash."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from service_desk.audit.models import AuditEntry
from service_desk.people.models import Staff
from service_desk.rest.actions import issue_key, purge_answers
from service_desk.rest.models import ApiKey, IdempotencyKey
from service_desk.rest.tasks import purge_kept_answers
from tests.rest import urls
from tests.rest.conftest import caller, in_a_month

URL = "/api/v1/notes/"
PATIENCE = 20.0


def post(api: APIClient, text: str = "hello", key: str | None = "k1") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return api.post(URL, {"text": text}, format="json", headers=headers)


def written() -> int:
    return AuditEntry.objects.filter(verb="note.write").count()


def test_the_same_request_gets_the_same_answer_and_is_done_once(api: APIClient) -> None:
    first, again = post(api), post(api)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Content-Type"] == first.headers["Content-Type"] == "application/json"
    assert again.headers["Location"] == first.headers["Location"]
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    assert written() == 1


def test_another_body_under_the_same_key_is_422(api: APIClient) -> None:
    post(api)
    other = post(api, "something else")
    assert (other.status_code, other.headers["Content-Type"]) == (422, "application/problem+json")
    assert other.json()["code"] == "idempotency_key_reused"
    assert written() == 1


def test_the_same_body_to_another_address_is_422(api: APIClient) -> None:
    post(api)
    other = api.post(f"{URL}?draft=1", {"text": "hello"}, format="json", headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422


def test_a_key_in_quotes_is_the_same_key(api: APIClient) -> None:
    post(api, key="k1")
    assert post(api, key='"k1"').headers["Idempotency-Replayed"] == "true"
    assert written() == 1


@pytest.mark.parametrize("bad", ["", '""', "k" * 256, "schlüssel", "a\x00b", "tab\there"])
def test_a_key_that_is_none_is_refused_by_name(api: APIClient, bad: str) -> None:
    answer = post(api, key=bad)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert written() == 0


def test_without_a_key_each_post_is_its_own(api: APIClient) -> None:
    assert post(api, key=None).json() != post(api, key=None).json()
    assert written() == 2
    assert not IdempotencyKey.objects.exists()


def test_a_key_belongs_to_its_caller(api: APIClient, owner: Staff) -> None:
    _second, text = issue_key(actor=owner, owner=owner, name="2", scopes=[urls.WRITE], expires_at=in_a_month())
    post(api)
    assert "Idempotency-Replayed" not in post(caller(text)).headers
    session = APIClient()
    session.force_login(owner)
    assert "Idempotency-Replayed" not in post(session).headers
    assert post(session).headers["Idempotency-Replayed"] == "true"
    assert written() == 3


def test_a_refused_request_keeps_nothing_and_may_be_mended_under_its_key(api: APIClient) -> None:
    assert post(api, "").status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert post(api, "mended").status_code == 201


def test_an_error_that_was_answered_and_not_raised_writes_nothing(api: APIClient) -> None:
    answer = api.post(f"{URL}1/refuse/", {}, format="json", headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 409
    assert not AuditEntry.objects.filter(verb="note.refuse").exists()
    assert not IdempotencyKey.objects.exists()


def test_a_defect_keeps_nothing_and_the_repetition_does_the_thing_once(api: APIClient) -> None:
    def stumble() -> None:
        urls.halfway.clear()
        raise RuntimeError("a secret of the inside")

    urls.halfway.append(stumble)
    assert post(api).status_code == 500
    assert (written(), IdempotencyKey.objects.count()) == (0, 0)
    assert post(api).status_code == 201
    assert written() == 1


def test_a_key_costs_three_short_statements_and_no_key_costs_none(
    api: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    post(api, key=None)
    with django_assert_num_queries(4) as plain:  # key and owner; savepoints and the change
        post(api, key=None)
    with django_assert_num_queries(len(plain.captured_queries) + 5) as kept:  # lock, look-up, answer; a savepoint
        post(api)
    bare = [q["sql"] for q in kept.captured_queries if "SAVEPOINT" not in q["sql"]]
    assert len(bare) == len([q for q in plain.captured_queries if "SAVEPOINT" not in q["sql"]]) + 3


@pytest.mark.django_db(transaction=True)
def test_a_repetition_while_the_first_still_runs_is_told_so_at_once(api: APIClient) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        inside.set()
        assert go_on.wait(PATIENCE)

    urls.halfway.append(wait)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(in_thread(lambda: post(api)))
        assert inside.wait(PATIENCE)
        meanwhile = post(api)
        other_key = threading.Thread(target=in_thread(lambda: post(api, key="k2")))
        go_on.set()
        other_key.start()
        answer = first.result(PATIENCE)
        other_key.join(PATIENCE)
    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "request_in_progress")
    assert meanwhile.headers["Retry-After"] == "1"
    assert answer.status_code == 201
    assert post(api).content == answer.content
    assert written() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(5))
def test_many_at_the_same_moment_do_the_thing_once(api: APIClient, key: tuple[ApiKey, str], round_: int) -> None:
    together = threading.Barrier(6)

    def one() -> Any:
        together.wait(PATIENCE)
        return post(caller(key[1]), key=f"round-{round_}")

    with ThreadPoolExecutor(6) as pool:
        answers = [future.result(PATIENCE) for future in [pool.submit(in_thread(one)) for _ in range(6)]]
    assert written() == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in done}) == 1
    assert len([answer for answer in done if "Idempotency-Replayed" not in answer.headers]) == 1


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_dies_halfway_leaves_neither_change_nor_lock(api: APIClient) -> None:
    def die() -> None:
        urls.halfway.clear()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (own,) = cursor.fetchone() or (0,)
        kill(own)
        with pytest.raises(OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        raise OperationalError("server closed the connection")

    urls.halfway.append(die)
    first = post(api)
    connection.close()
    assert (first.status_code, first.json()["code"]) == (503, "unavailable")
    assert first.headers["Retry-After"] == "2"
    assert written() == 0
    again = post(api)
    assert (again.status_code, "Idempotency-Replayed" in again.headers) == (201, False)
    assert written() == 1


def test_answers_older_than_seven_days_are_thrown_away(api: APIClient) -> None:
    post(api, key="old")
    post(api, key="young")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rest_idempotencykey SET created_at = now() - interval '8 days' WHERE key = 'old'")
    assert purge_answers() == 1
    assert [kept.key for kept in IdempotencyKey.objects.all()] == ["young"]
    purge_kept_answers()
    assert IdempotencyKey.objects.count() == 1


def in_thread(work: Callable[[], Any]) -> Callable[[], Any]:
    """The work, with the thread's database connections closed after it."""

    def run() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return run


def kill(pid: int) -> None:
    """End a database session from outside, as a failing server would."""

    def end() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    thread = threading.Thread(target=in_thread(end))
    thread.start()
    thread.join(PATIENCE)
