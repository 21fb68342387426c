"""The administrator's pages of webhooks: set up, try out, replace the secret, deliver again; and bad input."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from service_desk.webhooks.models import Endpoint, Post
from service_desk.webhooks.sending import deliver_due
from tests.cases.pages import browser, text_of
from tests.factories import staff
from tests.notices.sinks import WebSink
from tests.webhooks.conftest import Setup, administrator, done, sooner

pytestmark = pytest.mark.django_db
NEW = "/webhooks/new/"


@pytest.fixture
def admin() -> Client:
    return browser(administrator())


def said(web_sink: WebSink, **change: Any) -> dict[str, Any]:
    given = {"name": "客户系统", "url": f"{web_sink.url}/hook", "types": ["case.registered", "thing.done"], **change}
    return {f"endpoint-{name}": value for name, value in given.items()}


def page(row: Endpoint) -> str:
    return reverse("webhook", args=[row.pk])


def test_nobody_but_administrators_sees_webhooks(endpoint: Setup, admin: Client) -> None:
    row, agent = endpoint().endpoint, browser(staff())
    done()
    deliver_due()
    post = Post.objects.get()
    for address in ("/webhooks/", NEW, page(row)):
        assert admin.get(address).status_code == 200
        assert agent.get(address).status_code == 403
        assert Client().get(address).status_code == 302
    assert agent.post(NEW, {}).status_code == 403
    for deed in ("rotate", "retire", "test", "on", "off", "remove", "again"):
        assert agent.post(f"{page(row)}{deed}/").status_code == 403
        assert admin.get(f"{page(row)}{deed}/").status_code == 405
    assert agent.post(reverse("webhook-post-again", args=[post.pk])).status_code == 403
    assert admin.post(f"{page(row)}nonsense/").status_code == 404
    assert admin.get("/webhooks/999999999999999999/").status_code == 404
    assert admin.get("/webhooks/9999999999999999999/").status_code == 404


def test_the_secret_is_shown_once(admin: Client, web_sink: WebSink) -> None:
    shown = admin.post(NEW, said(web_sink)).content.decode()
    secret = re.findall(r"whsec_[\w+/=]+", shown)[0]
    row = Endpoint.objects.get(name="客户系统")
    assert row.types == ["case.registered", "thing.done"]
    assert "whsec_" not in admin.get(page(row)).content.decode()
    rotated = re.findall(r"whsec_[\w+/=]+", admin.post(f"{page(row)}rotate/").content.decode())
    assert len(rotated) == 1
    assert rotated[0] != secret
    assert "End the old secret" in text_of(admin.get(page(row)))
    admin.post(f"{page(row)}retire/")
    assert "End the old secret" not in text_of(admin.get(page(row)))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"url": ""}, "url"),
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "https://user:secret@example.com/"}, "url"),
        ({"url": "https://example.com:99999/"}, "url"),
        ({"url": "https://[::1/"}, "url"),
        ({"url": "https://a b.example/"}, "url"),
        ({"url": "https://example.com/\0"}, "url"),
        ({"url": "https://" + "x" * 70 + ".example/"}, "url"),
        ({"url": "https://example.com/" + "x" * 2000}, "url"),
        ({"types": []}, "types"),
        ({"types": ["nobody.knows"]}, "types"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(
    admin: Client, web_sink: WebSink, change: dict[str, Any], field: str
) -> None:
    answer = admin.post(NEW, said(web_sink, **change))
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert not Endpoint.objects.exists()


def test_plain_http_and_a_name_twice_are_refused(
    endpoint: Setup, admin: Client, web_sink: WebSink, settings: Any
) -> None:
    row = endpoint().endpoint
    assert "already" in text_of(admin.post(NEW, said(web_sink, name=row.name)))
    settings.WEBHOOK_ALLOW_PRIVATE = False
    answer = admin.post(NEW, said(web_sink))
    assert answer.status_code == 400
    assert "https://" in text_of(answer)


def test_a_change_holds_and_a_wrong_one_is_shown(endpoint: Setup, admin: Client, web_sink: WebSink) -> None:
    row = endpoint().endpoint
    assert admin.post(page(row), said(web_sink, name="新名")).status_code == 302
    assert Endpoint.objects.get().name == "新名"
    wrong = admin.post(page(row), said(web_sink, name=""))
    assert wrong.status_code == 400
    assert Endpoint.objects.get().name == "新名"


def test_the_page_tells_how_it_is_doing(endpoint: Setup, admin: Client, web_sink: WebSink) -> None:
    row = endpoint().endpoint
    assert "nothing sent yet" in text_of(admin.get(page(row)))
    web_sink.answer = lambda _path: (500, {}, "系统忙".encode())
    done()
    deliver_due()
    shown = text_of(admin.get(page(row)))
    assert "failing" in shown
    assert "HTTP 500" in shown
    assert "系统忙" in shown
    assert "failing" in text_of(admin.get("/webhooks/"))
    Post.objects.update(state="dead")
    assert "Given up" in text_of(admin.get(f"{page(row)}?state=dead"))
    web_sink.answer = lambda _path: (204, {}, b"")
    admin.post(reverse("webhook-post-again", args=[Post.objects.get().pk]))
    deliver_due()
    assert "working" in text_of(admin.get(page(row)))


def test_answers_of_the_other_side_are_shown_as_text(endpoint: Setup, admin: Client, web_sink: WebSink) -> None:
    web_sink.answer = lambda _path: (500, {}, b"<script>alert(1)</script>\0")
    row = endpoint().endpoint
    done()
    deliver_due()
    shown = admin.get(page(row)).content.decode()
    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_a_test_event_off_and_on_and_away(endpoint: Setup, admin: Client, web_sink: WebSink) -> None:
    row = endpoint().endpoint
    admin.post(f"{page(row)}test/")
    deliver_due()
    assert web_sink.requests.qsize() == 1
    admin.post(f"{page(row)}off/")
    assert "switched off by an administrator" in text_of(admin.get(page(row)))
    assert admin.post(f"{page(row)}test/").status_code == 409
    admin.post(f"{page(row)}on/")
    assert Endpoint.objects.get().is_active
    admin.post(f"{page(row)}off/")
    assert admin.post(f"{page(row)}remove/")["Location"] == "/webhooks/"
    assert not Endpoint.objects.exists()
    assert not Post.objects.exists()


def test_again_since_a_moment(endpoint: Setup, admin: Client) -> None:
    row = endpoint().endpoint
    done()
    deliver_due()
    address = f"{page(row)}again/"
    assert admin.post(address, {"again-since": "00:00", "again-what": "all"}).status_code in (302, 400)
    for since in ("", "neulich", "2099-01-01 00:00", "\0", "9" * 400):
        assert admin.post(address, {"again-since": since, "again-what": "all"}).status_code == 400
    assert admin.post(address, {"again-since": "2026-01-01 00:00", "again-what": "some"}).status_code == 400
    assert admin.post(address, {"again-since": "2026-01-01 00:00", "again-what": "all"}).status_code == 302
    assert Post.objects.open().count() == 1


def test_the_list_says_when_nobody_sends(endpoint: Setup, admin: Client) -> None:
    endpoint()
    done()
    deliver_due()
    Post.objects.update(state="pending", sent_at=None)
    sooner()
    assert "nobody sends them" not in text_of(admin.get("/webhooks/"))
    Post.objects.update(next_try_at=Now() - timedelta(minutes=2))
    assert "nobody sends them" in text_of(admin.get("/webhooks/"))


def test_the_pages_cost_the_same_however_long_the_log_is(
    endpoint: Setup, admin: Client, django_assert_max_num_queries: Any
) -> None:
    row = endpoint().endpoint
    for _number in range(30):
        done()
    deliver_due()
    with django_assert_max_num_queries(12):
        shown = admin.get(page(row))
    following = re.findall(r'rel="next" href="([^"]+)"', shown.content.decode())[0].replace("&amp;", "&")
    assert admin.get(page(row) + following).status_code == 200
    assert admin.get(f"{page(row)}?after=nonsense").status_code == 200
    with django_assert_max_num_queries(12):
        admin.get("/webhooks/")
