"""The signed link of an e-mail: bound to its recipient, ages, and needs a press of a button."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from service_desk.audit.models import AuditEntry
from service_desk.notices.actions import acknowledge
from service_desk.notices.letters import ack_url
from service_desk.notices.links import MAX_AGE_SECONDS, sign
from service_desk.notices.models import Notice
from service_desk.people.models import Staff
from tests.notices.conftest import Company, send


@pytest.fixture
def notice(company: Company) -> Notice:
    return send(company.agent, needs_ack=True, repeat_seconds=900)


def page(notice: Notice, staff: Staff) -> str:
    return reverse("notice-acknowledge-link", args=[sign(notice.pk, staff.pk)])


@pytest.fixture
def stranger() -> Client:
    return Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en")


def press(browser: Client, url: str) -> Any:
    """As a person does: look at the page, then press its button."""
    token = browser.get(url).context["csrf_token"]
    return browser.post(url, {"csrfmiddlewaretoken": str(token)})


def test_looking_at_the_link_acknowledges_nothing(notice: Notice, company: Company, stranger: Client) -> None:
    for _scanner in range(3):
        assert stranger.get(page(notice, company.agent)).status_code == 200
    assert stranger.head(page(notice, company.agent)).status_code == 200
    notice.refresh_from_db()
    assert notice.is_open


def test_pressing_the_button_acknowledges_without_a_log_in(notice: Notice, company: Company, stranger: Client) -> None:
    answer = press(stranger, page(notice, company.agent))
    assert "The notice is acknowledged" in answer.content.decode()
    notice.refresh_from_db()
    assert (notice.acked_by, notice.acked_via, notice.next_repeat_at) == (company.agent, "link", None)
    entry = AuditEntry.objects.get(verb="notice.acknowledge")
    assert (entry.door, entry.actor) == ("link", company.agent)
    assert "_auth_user_id" not in stranger.session


def test_pressing_twice_is_answered_in_plain_words(notice: Notice, company: Company, stranger: Client) -> None:
    acknowledge(notice=notice, actor=company.chief, via="screen")
    for answer in (stranger.get(page(notice, company.agent)), press(stranger, page(notice, company.agent))):
        assert answer.status_code == 200
        assert "员工chief acknowledged this" in answer.content.decode()
    assert AuditEntry.objects.filter(verb="notice.acknowledge").count() == 1


def test_a_matter_that_is_over_says_so(notice: Notice, company: Company, stranger: Client) -> None:
    Notice.objects.update(stopped_at=Now())
    assert "The matter is over" in stranger.get(page(notice, company.agent)).content.decode()


def test_a_link_belongs_to_its_recipient(notice: Notice, company: Company, stranger: Client) -> None:
    answer = stranger.get(page(notice, company.chief))
    assert answer.status_code == 410
    assert "no longer valid" in answer.content.decode()


def test_a_link_of_somebody_who_left_is_dead(notice: Notice, company: Company, stranger: Client) -> None:
    Staff.objects.filter(pk=company.agent.pk).update(is_active=False)
    assert stranger.get(page(notice, company.agent)).status_code == 410


def test_an_old_link_says_what_to_do(
    notice: Notice, company: Company, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = page(notice, company.agent)
    later = time.time() + MAX_AGE_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    answer = stranger.get(url)
    assert answer.status_code == 410
    assert "too old" in answer.content.decode()


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00", "…", "'\"<script>"])
def test_a_forged_link_is_refused(db: None, stranger: Client, token: str) -> None:
    answer = stranger.get(f"/n/{token}/")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.content.decode()


def test_a_link_signed_for_something_else_is_refused(notice: Notice, company: Company, stranger: Client) -> None:
    token = signing.dumps([notice.pk, company.agent.pk], salt="something else")
    assert stranger.get(f"/n/{token}/").status_code == 404


def test_only_what_is_to_be_acknowledged_gets_a_link(notice: Notice, company: Company) -> None:
    assert "/n/" in ack_url(notice)
    assert ack_url(send(company.agent)) == ""
    assert ack_url(send(None, needs_ack=True)) == ""


def test_the_link_still_works_six_days_later(
    notice: Notice, company: Company, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = page(notice, company.agent)
    later = time.time() + timedelta(days=6).total_seconds()
    monkeypatch.setattr(time, "time", lambda: later)
    assert stranger.get(url).status_code == 200
