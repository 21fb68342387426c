"""Row 21: every address as every role against a confidential complaint, and a new address without a line is refused.

The sweep itself is `tests/complaints/test_sweep.py`, which every run of the suite does as a whole, for everybody. The
short form here, which runs after the suite, shows that a new address is noticed; the full form sweeps too.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import clear_url_caches, path

from service_desk import urls
from tests.complaints import test_sweep as sweep
from tests.faults.house import FULL


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


if FULL:  # the short form neither repeats the sweep nor makes a database for it

    @pytest.mark.django_db
    @pytest.mark.parametrize("who", sweep.STRANGERS)
    def test_nothing_of_a_complaint_comes_out(who: str) -> None:
        sweep.test_no_address_shows_anything_of_a_complaint(who)

    @pytest.mark.django_db
    @pytest.mark.parametrize("who", ["colleague", "chief", "admin", "inspector"])
    def test_nothing_is_found(who: str) -> None:
        sweep.test_no_search_list_or_suggestion_finds_it(who)
