"""Who may come in with a key or a session, who is turned away, and that the reason is said plainly."""

import datetime
import hashlib

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from service_desk.audit.models import AuditEntry
from service_desk.people.models import Staff
from service_desk.rest import rules, scopes
from service_desk.rest.actions import issue_key, revoke_key
from service_desk.rest.errors import Invalid, NotAllowed
from service_desk.rest.models import ApiKey
from tests.rest import urls
from tests.rest.conftest import caller, in_a_month

URL = "/api/v1/notes/"
Key = tuple[ApiKey, str]


def sql(text: str, *values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def test_a_key_is_shown_once_and_only_its_hash_is_kept(key: Key) -> None:
    row, text = key
    mark, prefix, secret = text.split("_")
    assert (mark, prefix, len(secret) * 4 >= 160) == ("sdk", row.prefix, True)
    row.refresh_from_db()
    assert row.digest == hashlib.sha256(text.encode()).hexdigest()
    assert secret not in str(vars(row))
    assert secret not in str(list(AuditEntry.objects.values()))


def test_issuing_and_revoking_are_audited(key: Key, owner: Staff) -> None:
    revoke_key(actor=owner, key=key[0])
    revoke_key(actor=owner, key=key[0])
    told = AuditEntry.objects.of_thing(f"apikey:{key[0].pk}").values_list("verb", flat=True)
    assert list(told) == ["apikey.revoke", "apikey.issue"]


def test_another_persons_key_is_for_administrators(owner: Staff, key: Key) -> None:
    other = Staff.objects.create_user("other", full_name="别人")
    admin = Staff.objects.create_superuser("admin", full_name="管理员")
    with pytest.raises(NotAllowed):
        issue_key(actor=other, owner=owner, name="n", scopes=[urls.READ], expires_at=in_a_month())
    with pytest.raises(NotAllowed):
        revoke_key(actor=other, key=key[0])
    made, _text = issue_key(actor=admin, owner=owner, name="n", scopes=[urls.READ], expires_at=in_a_month())
    revoke_key(actor=admin, key=made)
    made.refresh_from_db()
    assert made.revoked_at is not None


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "n" * 101}),
        ("name", {"name": "a\0b"}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["everything"]}),
        ("allowed_networks", {"allowed_networks": ["300.0.0.1"]}),
        ("expires_at", {"expires_at": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)}),
        ("expires_at", {"expires_at": datetime.datetime(2199, 1, 1, tzinfo=datetime.UTC)}),
    ],
)
def test_a_key_that_cannot_be_is_refused_by_field(owner: Staff, field: str, change: dict[str, object]) -> None:
    wanted = {"name": "n", "scopes": [urls.READ], "expires_at": in_a_month(), **change}
    with pytest.raises(Invalid) as refused:
        issue_key(actor=owner, owner=owner, **wanted)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("days", [-1, 0, 400])
def test_the_database_refuses_a_life_that_is_none_or_too_long(key: Key, days: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        sql("UPDATE rest_apikey SET expires_at = created_at + %s * interval '1 day'", days)


def test_a_key_lets_its_owner_in_and_names_itself_in_the_trail(api: APIClient, key: Key, owner: Staff) -> None:
    assert api.post(URL, {"text": "hello"}, format="json").status_code == 201
    entry = AuditEntry.objects.get(verb="note.write")
    assert (entry.actor_id, entry.door, entry.actor_label) == (owner.pk, "rest", f"key:{key[0].pk} robot")


def test_key_and_owner_are_one_query(api: APIClient, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    api.get(URL)
    with django_assert_num_queries(2):  # the key with its owner, the list
        assert api.get(URL).status_code == 200


def test_use_is_noted_at_most_once_a_minute(api: APIClient, key: Key) -> None:
    row = key[0]
    api.get(URL)
    row.refresh_from_db()
    first = row.last_used_at
    assert first is not None
    api.get(URL)
    row.refresh_from_db()
    assert row.last_used_at == first
    sql("UPDATE rest_apikey SET last_used_at = now() - interval '61 seconds'")
    api.get(URL)
    row.refresh_from_db()
    assert row.last_used_at is not None
    assert row.last_used_at > timezone.now() - datetime.timedelta(seconds=60)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE rest_apikey SET revoked_at = now()", "revoked"),
        ("UPDATE rest_apikey SET created_at = now() - interval '2 d', expires_at = now() - interval '1 s'", "expired"),
        ("UPDATE people_staff SET is_active = false", "no longer active"),
        ("UPDATE rest_apikey SET allowed_networks = '{192.0.2.0/24}'", "this network"),
    ],
)
def test_a_key_out_of_force_is_401_with_the_reason(api: APIClient, change: str, reason: str) -> None:
    sql(change)
    answer = api.get(URL)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="service desk"')
    assert reason in answer.json()["detail"]


def test_a_key_works_from_its_networks(api: APIClient) -> None:
    sql("UPDATE rest_apikey SET allowed_networks = '{10.0.0.0/8,2001:db8::/32}'")
    assert api.get(URL, REMOTE_ADDR="10.1.2.3").status_code == 200
    assert api.get(URL, REMOTE_ADDR="::ffff:10.1.2.3").status_code == 200
    assert api.get(URL, REMOTE_ADDR="2001:db8::1").status_code == 200
    assert api.get(URL, REMOTE_ADDR="11.1.2.3").status_code == 401
    assert api.get(URL, REMOTE_ADDR="").status_code == 401


@pytest.mark.parametrize(
    "text", ["", "sdk", "sdk_aaaaaaaa_", f"sdk_aaaaaaaa_{'0' * 48}", "sdk_ä_1", f"sdk_AAAAAAAA_{'0' * 48}", "a\0b"]
)
def test_an_unknown_key_is_401_and_says_nothing_else(db: None, text: str) -> None:
    answer = caller(text).get(URL)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_unknown")


def test_a_right_prefix_with_a_wrong_secret_is_unknown(key: Key) -> None:
    wrong = f"{key[1][:-1]}{'0' if key[1][-1] != '0' else '1'}"
    assert caller(wrong).get(URL).json()["code"] == "key_unknown"


def test_nobody_is_401_and_a_session_without_csrf_is_403(owner: Staff) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.get(URL).status_code == 401
    assert browser.get(URL).headers["WWW-Authenticate"].startswith("Bearer")
    browser.force_login(owner)
    assert browser.get(URL).status_code == 200
    refused = browser.post(URL, {"text": "hello"}, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    browser.cookies["desk_csrf"] = "a" * 32
    accepted = browser.post(URL, {"text": "hello"}, content_type="application/json", headers={"X-CSRFToken": "a" * 32})
    assert accepted.status_code == 201


def test_a_key_does_only_what_its_scopes_say(owner: Staff) -> None:
    _row, text = issue_key(actor=owner, owner=owner, name="r", scopes=[urls.READ], expires_at=in_a_month())
    reader = caller(text)
    assert reader.get(URL).status_code == 200
    assert reader.head(URL).status_code == 200
    refused = reader.post(URL, {"text": "hello"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert urls.WRITE in refused.json()["detail"]


def test_an_operation_that_names_no_scope_is_closed_to_keys_and_open_to_sessions(api: APIClient, owner: Staff) -> None:
    assert api.post(f"{URL}unscoped/", {}, format="json").status_code == 403
    session = APIClient()
    session.force_login(owner)
    assert session.post(f"{URL}unscoped/", {}, format="json").status_code == 200


def test_a_method_that_is_not_there_is_405_and_not_a_matter_of_scope(api: APIClient) -> None:
    for method in ("put", "delete", "options", "trace"):
        answer = api.generic(method.upper(), URL)
        assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/problem+json")
        assert "GET" in answer.headers["Allow"]


def test_scopes_are_registered_with_a_meaning() -> None:
    assert scopes.known()[urls.READ] == "阅读便条"
    assert scopes.unknown([urls.READ, "x:y"]) == ["x:y"]
    with pytest.raises(ValueError, match="thing:deed"):
        scopes.register("Everything", "")


def test_keys_differ_and_come_apart_again() -> None:
    made = {rules.new_key() for _ in range(50)}
    assert len({key.prefix for key in made}) == 50
    assert all(rules.parse_key(key.plaintext) == key for key in made)


def test_the_key_loaded_by_hand_is_the_one_the_orm_loads(key: Key) -> None:
    found = ApiKey.objects.presented(key[0].prefix)
    assert found is not None
    loaded, now = found
    same = ApiKey.objects.select_related("owner").get(pk=key[0].pk)
    for one, other in ((loaded, same), (loaded.owner, same.owner)):
        for field in one._meta.concrete_fields:
            assert getattr(one, field.attname) == getattr(other, field.attname), field.name
    assert not loaded._state.adding
    assert now >= same.created_at
