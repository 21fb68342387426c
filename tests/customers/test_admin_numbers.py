"""The administration of customers keeps the masks: a number is added or replaced there, never looked at (P6)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from service_desk.customers.models import PhoneNumber
from tests.factories import World, world


@pytest.fixture
def desk(db: None) -> World:
    return world()


def sent(number: PhoneNumber, **changed: Any) -> dict[str, Any]:
    """The form of the customer as the page has it, with one number that is there."""
    empty = {f"{name}-{count}_FORMS": "0" for name in ("contacts", "products") for count in ("TOTAL", "INITIAL")}
    return {
        "name": number.customer.name,
        "address": "",
        "region": "",
        "is_active": "on",
        **empty,
        "numbers-TOTAL_FORMS": "1",
        "numbers-INITIAL_FORMS": "1",
        "numbers-0-id": number.pk,
        "numbers-0-customer": number.customer_id,
        "numbers-0-contact": "",
        **changed,
    }


def test_P6_a_number_in_the_administration_is_masked_kept_and_replaced_but_not_seen(desk: World) -> None:
    number = PhoneNumber.objects.create(customer=desk.customer, raw="13800138000")
    client, url = Client(), f"/admin/customers/customer/{desk.customer.pk}/change/"
    client.force_login(desk.admin)
    page = client.get(url).content.decode()
    assert "13800138000" not in page
    assert "138****8000" in page
    for given in ({}, {"numbers-0-raw": "13900139000"}):
        assert client.post(url, sent(number, **given)).status_code == 302
        number.refresh_from_db()
        assert (number.raw, number.e164) == ("13800138000", "+8613800138000")
    replaced = {"numbers-TOTAL_FORMS": "2", "numbers-0-DELETE": "on", "numbers-1-raw": "13900139000"}
    assert client.post(url, sent(number, **replaced)).status_code == 302
    assert [each.raw for each in PhoneNumber.objects.filter(customer=desk.customer)] == ["13900139000"]
