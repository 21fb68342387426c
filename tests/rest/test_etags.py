"""An update names the version it was made from, or is refused: 428 without, 412 with another."""

import pytest
from rest_framework.test import APIClient, APIRequestFactory

from service_desk.rest.errors import Stale
from service_desk.rest.etags import PreconditionRequired, demand_match, etag_of
from service_desk.rest.models import ApiKey


@pytest.fixture
def url(key: tuple[ApiKey, str]) -> str:
    return f"/api/v1/keys/{key[0].pk}/"


def test_what_is_shown_bears_its_etag(api: APIClient, url: str) -> None:
    assert api.get(url).headers["ETag"] == '"robot"'


def test_an_update_of_the_version_that_was_read_is_done_and_shows_the_new_one(api: APIClient, url: str) -> None:
    etag = api.get(url).headers["ETag"]
    answer = api.patch(url, {"name": "machine"}, format="json", headers={"If-Match": etag})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"machine"')


def test_a_second_update_of_the_same_version_is_412_and_changes_nothing(api: APIClient, url: str) -> None:
    api.patch(url, {"name": "machine"}, format="json", headers={"If-Match": '"robot"'})
    answer = api.patch(url, {"name": "gadget"}, format="json", headers={"If-Match": '"robot"'})
    body = answer.json()
    assert (answer.status_code, body["code"], body["current_etag"]) == (412, "stale", '"machine"')
    assert "ETag" not in answer.headers
    assert ApiKey.objects.get().name == "machine"


def test_an_update_that_names_no_version_is_428(api: APIClient, url: str) -> None:
    answer = api.put(url, {"name": "gadget"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (428, "if_match_required")
    assert ApiKey.objects.get().name == "robot"


@pytest.mark.parametrize("given", ['"3"', '"2", "3"', "*", ' "3" '])
def test_these_match(given: str) -> None:
    demand_match(APIRequestFactory().patch("/", HTTP_IF_MATCH=given), 3)
    assert etag_of(3) == '"3"'


@pytest.mark.parametrize("given", ['"2"', 'W/"3"', "3", '"', "\0", '"33"'])
def test_these_do_not(given: str) -> None:
    with pytest.raises(Stale):
        demand_match(APIRequestFactory().patch("/", HTTP_IF_MATCH=given), 3)


@pytest.mark.parametrize("given", ["", "  "])
def test_an_empty_one_is_none(given: str) -> None:
    with pytest.raises(PreconditionRequired):
        demand_match(APIRequestFactory().patch("/", HTTP_IF_MATCH=given), 3)
