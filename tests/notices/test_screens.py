"""The pages: bell, list, preferences, undelivered, mail folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from service_desk.audit.models import AuditEntry
from service_desk.notices import vault
from service_desk.notices.models import ChannelAddress, Delivery, Notice
from service_desk.notices.outbox import deliver_due
from service_desk.people.models import Staff
from tests.notices.conftest import Company, send

LogIn = Callable[[Staff], Any]


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize(
    "name", ["notice-list", "notice-bell", "notice-preferences", "notice-undelivered", "mail-folder"]
)
def test_every_page_needs_a_log_in(db: None, client: Any, name: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert "/login/" in answer.url


def test_the_bell_counts_my_unread_notices(company: Company, english: LogIn) -> None:
    browser = english(company.agent)
    assert "bell__count" not in text(browser.get(reverse("notice-bell")))
    for _each in range(3):
        notice = send(company.agent)
    send(company.chief)
    assert "3 unread notices" in text(browser.get(reverse("notice-bell")))
    browser.post(reverse("notice-read", args=[notice.key]))
    assert "2 unread notices" in text(browser.get(reverse("notice-bell")))


def test_the_list_shows_mine_unread_first_and_pages(company: Company, english: LogIn) -> None:
    for number in range(35):
        send(company.agent, facts={"by": f"old{number:02}"})
    browser = english(company.agent)
    browser.post(reverse("notice-read-all"))
    send(company.agent, facts={"by": "brand new"})
    send(company.chief, facts={"by": "not mine"})
    first = browser.get(reverse("notice-list"))
    page = text(first)
    assert page.index("brand new") < page.index("old34") < page.index("old05")
    assert "not mine" not in page
    assert "old04" not in page
    second = text(browser.get(reverse("notice-list") + first.context["next_url"]))
    assert "old04" in second
    assert "brand new" not in second


def test_filters_are_kept_in_the_address(company: Company, english: LogIn) -> None:
    send(company.agent, level="info", facts={"by": "mild"})
    send(company.agent, level="breach", needs_ack=True, facts={"by": "grave"})
    browser = english(company.agent)
    for query, seen, hidden in (
        ("?level=info", "mild", "grave"),
        ("?show=waiting", "grave", "mild"),
        ("?show=unread&level=breach", "grave", "mild"),
    ):
        page = text(browser.get(reverse("notice-list") + query))
        assert seen in page
        assert hidden not in page


@pytest.mark.parametrize("query", ["?after=x", "?before=%00", "?after=a&before=b", "?level=%00&show=x"])
def test_a_broken_address_is_no_defect(company: Company, english: LogIn, query: str) -> None:
    assert english(company.agent).get(reverse("notice-list") + query, follow=True).status_code == 200


def test_acknowledging_on_the_screen(company: Company, english: LogIn) -> None:
    notice = send(company.agent, needs_ack=True, repeat_seconds=900)
    browser = english(company.agent)
    url = reverse("notice-acknowledge", args=[notice.key])
    assert url in text(browser.get(reverse("notice-list")))
    assert "Acknowledged." in text(browser.post(url, follow=True))
    assert "acknowledged before" in text(browser.post(url, follow=True))
    notice.refresh_from_db()
    assert notice.acked_via == "screen"


def test_somebody_elses_notice_does_not_exist_for_me(company: Company, english: LogIn) -> None:
    notice = send(company.agent, needs_ack=True)
    browser = english(company.outsider)
    assert browser.post(reverse("notice-acknowledge", args=[notice.key])).status_code == 404
    assert browser.post(reverse("notice-read", args=[notice.key])).status_code == 404
    notice.refresh_from_db()
    assert notice.is_open


def test_acknowledging_leads_back_only_to_our_own_pages(company: Company, english: LogIn) -> None:
    browser = english(company.agent)
    url = reverse("notice-acknowledge", args=[send(company.agent, needs_ack=True).key])
    assert browser.post(url, {"next": "https://evil.example/"}).url == reverse("notice-list")
    assert browser.post(url, {"next": "/notices/?show=unread"}).url == "/notices/?show=unread"


def test_get_changes_nothing(company: Company, english: LogIn) -> None:
    notice = send(company.agent, needs_ack=True)
    browser = english(company.agent)
    for name, args in (("notice-acknowledge", [notice.key]), ("notice-read", [notice.key]), ("notice-read-all", [])):
        assert browser.get(reverse(name, args=args)).status_code == 405


# --- Preferences ----------------------------------------------------------------------------------
def test_I_choose_my_mailbox(company: Company, english: LogIn) -> None:
    browser = english(company.agent)
    answer = browser.post(
        reverse("notice-preferences"),
        {"form": "mailbox", "mailbox-target": "home@example.com", "mailbox-min_level": "breach"},
    )
    assert answer.status_code == 302
    row = ChannelAddress.objects.get(staff=company.agent)
    assert (row.target, row.min_level, row.enabled) == ("home@example.com", "breach", False)
    assert "home@example.com" in text(browser.get(reverse("notice-preferences")))


def test_a_webhook_shows_its_secret_once(company: Company, english: LogIn, settings: Any) -> None:
    browser = english(company.agent)
    fields = {
        "form": "address",
        "address-kind": "webhook",
        "address-target": "https://example.com/h",
        "address-min_level": "info",
    }
    page = text(browser.post(reverse("notice-preferences"), fields, follow=True))
    row = ChannelAddress.objects.get(kind="webhook")
    assert row.staff == company.agent
    secret = vault.unlock(row.secret) or ""
    assert secret.startswith("whsec_")
    assert secret in page
    assert secret not in row.secret  # a copy of the table does not give it away
    assert secret not in text(browser.get(reverse("notice-preferences")))
    page = text(browser.post(reverse("notice-address-rotate", args=[row.pk]), follow=True))
    old = row.secret
    row.refresh_from_db()
    assert (row.previous_secret, (vault.unlock(row.secret) or "-") in page) == (old, True)
    browser.post(reverse("notice-address-remove", args=[row.pk]))
    assert not ChannelAddress.objects.exists()
    assert "example.com" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"address-kind": "webhook", "address-target": "http://example.com"}, "target"),
        ({"address-kind": "wecom", "address-target": "https://example.com"}, "target"),
        ({"address-kind": "wecom", "address-target": "wecombot://a\x00b"}, "target"),
        ({"address-kind": "email", "address-target": "a@b.cn"}, "kind"),
        ({"address-kind": "feishu", "address-target": "x" * 501}, "target"),
        ({"address-kind": "feishu", "address-target": "feishu://a", "address-name": "好" * 81}, "name"),
    ],
)
def test_a_wrong_address_is_answered_beside_the_field(
    company: Company, english: LogIn, fields: dict[str, str], field: str
) -> None:
    answer = english(company.agent).post(
        reverse("notice-preferences"), {"form": "address", "address-min_level": "info", **fields}
    )
    assert answer.status_code == 400
    assert field in answer.context["address"].errors
    assert not ChannelAddress.objects.exists()


def test_robots_of_groups_are_for_administrators(company: Company, english: LogIn) -> None:
    fields = {
        "form": "address",
        "address-kind": "feishu",
        "address-target": "feishu://abc",
        "address-min_level": "info",
    }
    english(company.agent).post(reverse("notice-preferences"), {**fields, "address-owner": "desk"})
    assert ChannelAddress.objects.get().staff == company.agent
    browser = english(company.admin)
    browser.post(reverse("notice-preferences"), {**fields, "address-owner": "desk"})
    browser.post(
        reverse("notice-preferences"), {**fields, "address-owner": "unit", "address-unit": str(company.section.pk)}
    )
    answer = browser.post(reverse("notice-preferences"), {**fields, "address-owner": "unit"})
    assert "unit" in answer.context["address"].errors
    owners = set(ChannelAddress.objects.values_list("staff", "unit"))
    assert owners == {(company.agent.pk, None), (None, None), (None, company.section.pk)}


def test_nobody_touches_somebody_elses_address(company: Company, english: LogIn) -> None:
    row = ChannelAddress.objects.create(kind="feishu", staff=company.agent, target="feishu://abc")
    for staff in (company.outsider, company.admin):
        assert english(staff).post(reverse("notice-address-remove", args=[row.pk])).status_code == 404
    assert ChannelAddress.objects.exists()


def test_a_test_notice_goes_to_me(company: Company, english: LogIn) -> None:
    english(company.agent).post(reverse("notice-test"))
    notice = Notice.objects.get(kind="test")
    assert notice.recipient == company.agent
    assert notice.deliveries.get().state == "pending"


# --- Undelivered ----------------------------------------------------------------------------------
def test_the_undelivered_are_for_supervisors_and_administrators(company: Company, english: LogIn) -> None:
    send(None, slot="gm_marketing")
    url = reverse("notice-undelivered")
    assert english(company.agent).get(url).status_code == 403
    for staff in (company.supervisor, company.admin):
        page = text(english(staff).get(url))
        assert "Nobody could be found" in page
        assert "nobody could be found for this role" in page


def test_sending_again_from_the_screen(company: Company, english: LogIn) -> None:
    delivery = send(company.agent).deliveries.get()
    Delivery.objects.update(state="dead", attempts=6, fence=6)
    browser = english(company.supervisor)
    assert "It is sent again." in text(browser.post(reverse("notice-redrive", args=[delivery.pk]), follow=True))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("pending", 0)
    assert browser.post(reverse("notice-redrive", args=[delivery.pk])).status_code == 409
    assert english(company.agent).post(reverse("notice-redrive", args=[delivery.pk])).status_code == 403


def test_P6_a_confidential_matter_is_not_named_there(company: Company, english: LogIn) -> None:
    send(None, private=True, facts={"by": "the secret complainant"}, link="/cases/9/")
    page = text(english(company.supervisor).get(reverse("notice-undelivered")))
    assert "A confidential matter" in page
    assert "/cases/9/" not in page


# --- Mail folder ----------------------------------------------------------------------------------
@pytest.fixture
def folder(settings: Any, tmp_path: Any) -> Any:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path / "mail"


def test_the_mail_folder_shows_mail_and_its_links(company: Company, english: LogIn, folder: Any) -> None:
    browser = english(company.admin)
    assert "No mail yet" in text(browser.get(reverse("mail-folder")))
    send(company.agent, needs_ack=True)
    send(company.chief, level="info")
    assert deliver_due("test").sent == 2
    listing = browser.get(reverse("mail-folder"))
    assert {mail.to for mail in listing.context["mails"]} == {"agent@desk.example", "chief@desk.example"}
    [key] = [mail.key for mail in listing.context["mails"] if mail.to == "agent@desk.example"]
    page = text(browser.get(reverse("mail-message", args=[key])))
    assert "[Deadline missed] Test notice" in page
    assert "/n/" in page
    assert "Message-ID" in page


def test_others_see_the_mail_that_is_to_them(company: Company, english: LogIn, folder: Any) -> None:
    send(company.agent)
    send(company.chief)
    deliver_due("test")
    browser = english(company.agent)
    [mine] = browser.get(reverse("mail-folder")).context["mails"]
    assert mine.to == "agent@desk.example"
    [other] = [
        mail for mail in english(company.admin).get(reverse("mail-folder")).context["mails"] if mail.key != mine.key
    ]
    assert english(company.agent).get(reverse("mail-message", args=[other.key])).status_code == 404


def test_with_a_mail_server_there_is_no_folder(company: Company, english: LogIn) -> None:
    assert english(company.admin).get(reverse("mail-folder")).status_code == 404
    assert english(company.admin).get(reverse("mail-message", args=["x-0"])).status_code == 404


def test_a_key_that_leads_out_of_the_folder_finds_nothing(company: Company, english: LogIn, folder: Any) -> None:
    assert english(company.admin).get("/notices/mail/..%2F..%2Fetc%2Fpasswd/").status_code == 404
