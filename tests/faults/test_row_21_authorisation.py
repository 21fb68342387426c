"""Row 21: every address as every role against a confidential complaint, and a new address without a line is refused.

The sweep itself is `tests/complaints/test_sweep.py`, which every run of the suite does as a whole, for everybody. The
short form here, which runs after the suite, shows that a new address is noticed; the full form sweeps too, and reads
what goes out by mail, robot and webhook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from types import ModuleType
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import clear_url_caches, path

from service_desk import urls
from service_desk.notices.models import ChannelAddress
from service_desk.notices.outbox import deliver_due
from service_desk.people.rules import Role
from service_desk.webhooks import kinds
from service_desk.webhooks.actions import NewEndpoint, create_endpoint
from service_desk.webhooks.sending import deliver_due as post_due
from tests.complaints import test_sweep as sweep
from tests.factories import staff
from tests.faults.house import FULL
from tests.faults.sinks import HookSink, MailSink


def _page(_request: HttpRequest, number: str) -> HttpResponse:
    return HttpResponse(number)


@pytest.fixture
def new_route() -> Iterator[None]:
    """The site map as it is, and one more address that takes a case's number."""
    changed = ModuleType("site_with_one_more")
    changed.urlpatterns = [*urls.urlpatterns, path("cases/<str:number>/gossip/", _page, name="case-gossip")]  # type: ignore[attr-defined]
    for name in ("handler400", "handler403", "handler404", "handler500"):
        if hasattr(urls, name):
            setattr(changed, name, getattr(urls, name))
    with override_settings(ROOT_URLCONF=changed):
        _forget()
        yield
    _forget()


def _forget() -> None:
    clear_url_caches()
    sweep.routes.cache_clear()
    sweep.operations.cache_clear()


def test_a_new_address_without_a_line_fails(new_route: None) -> None:
    assert "case-gossip" in sweep.without_a_line()
    with pytest.raises(AssertionError, match=r"say in routes\.txt"):
        sweep.test_every_address_with_parts_has_its_line()


def test_every_address_has_its_line() -> None:
    assert sweep.without_a_line() == []


def _outside(mail: MailSink, hooks: HookSink, settings: Any) -> None:
    """Whoever can be told outside of the house is: mailboxes, the desk's robot, a program that wants every event."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.WEBHOOK_ALLOW_PRIVATE = "127.0.0.1", mail.port, True
    ChannelAddress.objects.create(kind="webhook", target=f"{hooks.url}?desk", name="值班群")
    wanted = NewEndpoint("客户系统", f"{hooks.url}?program", tuple(kinds.known()))
    create_endpoint(actor=staff("", Role.ADMINISTRATOR), data=wanted)


@pytest.fixture
def sinks() -> Iterator[tuple[MailSink, HookSink]]:
    mail, hooks = MailSink(), HookSink()
    mail.start()
    hooks.start()
    yield mail, hooks
    mail.stop()
    hooks.stop()


if FULL:  # the short form neither repeats the sweep nor makes a database for it

    @pytest.mark.django_db
    @pytest.mark.parametrize("who", sweep.STRANGERS)
    def test_nothing_of_a_complaint_comes_out(who: str) -> None:
        sweep.test_no_address_shows_anything_of_a_complaint(who)

    @pytest.mark.django_db
    @pytest.mark.parametrize("who", ["colleague", "chief", "admin", "inspector"])
    def test_nothing_is_found(who: str) -> None:
        sweep.test_no_search_list_or_suggestion_finds_it(who)

    @pytest.mark.django_db
    def test_nothing_of_a_complaint_leaves_the_house(
        sinks: tuple[MailSink, HookSink], settings: Any, say: Callable[[str], None]
    ) -> None:
        """A complaint's whole life, over real SMTP and HTTP; then an ordinary case, which is told to both."""
        mail, hooks = sinks
        _outside(mail, hooks, settings)
        secret = sweep.Secret()
        deliver_due("faults", limit=1000)
        post_due()
        letters, posts = list(mail.letters), list(hooks.posts)
        assert letters  # its circle is told that there is something to read
        assert not [post for post in posts if "program" in post.path]
        out = [text for raw in [*letters, *(post.body for post in posts)] for text in _told(raw)]
        assert out == []
        secret.desk.register(severity="major")
        post_due()
        assert [post for post in hooks.posts if "program" in post.path]  # so they would have been told
        say(f"{len(letters)} letters and {len(posts)} posts about a complaint, nothing of it in them")

    @pytest.mark.django_db
    def test_nothing_of_it_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
        sweep.test_nothing_of_it_stands_in_the_log(caplog)


def _told(raw: bytes) -> list[str]:
    """What of the complaint's matter stands in a letter (decoded) or a post; its number may stand there."""
    message = message_from_bytes(raw, policy=default)
    parts = [str(part.get_content()) for part in message.walk() if part.get_content_maintype() == "text"]
    words = "\n".join([raw.decode("utf-8", "replace"), str(message["Subject"]), *parts])
    return [told for told, pattern in sweep._PATTERNS.items() if told != "CMP-" and pattern.search(words)]
