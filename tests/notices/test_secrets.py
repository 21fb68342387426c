"""The secrets of the notices' webhooks are locked, the old ones too, and still sign."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from standardwebhooks import Webhook

from service_desk.notices import vault
from service_desk.notices.actions import add_address
from service_desk.notices.models import ChannelAddress
from service_desk.notices.outbox import deliver_due
from service_desk.rest.signing import new_secret
from tests.notices.conftest import Company, send
from tests.notices.sinks import WebSink

pytestmark = pytest.mark.django_db
migration: Any = import_module("service_desk.notices.migrations.0003_webhooks")


def test_a_secret_that_was_in_plain_text_is_locked_where_it_stands_and_goes_on_signing(
    company: Company, web_sink: WebSink
) -> None:
    address = add_address(actor=company.agent, staff=company.agent, kind="webhook", target=f"{web_sink.url}/h")
    old, older = new_secret(), new_secret()
    ChannelAddress.objects.filter(pk=address.pk).update(secret=old, previous_secret=older)
    for _twice in range(2):
        migration.encrypt(apps, None)
        row = ChannelAddress.objects.get(pk=address.pk)
        assert "whsec_" not in row.secret + row.previous_secret
        assert vault.in_force(row.secret, row.previous_secret) == (old, older)
    send(company.agent)
    deliver_due("test")
    _path, headers, body = web_sink.requests.get(timeout=5)
    for secret in (old, older):
        assert Webhook(secret).verify(body, headers)
    migration.decrypt(apps, None)
    assert ChannelAddress.objects.get(pk=address.pk).secret == old
