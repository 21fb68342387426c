"""What the tests of the register screen share: a filled-in form, and what its answer says."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.factories import World

SHANGHAI = ZoneInfo("Asia/Shanghai")


def entry(desk: World, **changed: Any) -> dict[str, Any]:
    return {
        "token": str(uuid.uuid4()),
        "customer": str(desk.customer.pk),
        "customer_text": desk.customer.name,
        "product_type": str(desk.product.pk),
        "product_type_text": desk.product.name,
        "fault": "整站断站",
        "description": "值班员说凌晨三点起全站无信号",
        "caller_name": "王建国",
        "caller_phone": "0755/2677-2892",
        "accepted_at": "",
        "severity": "",
        "read_phone": "on",
        "read_name": "on",
        "read_address": "on",
        "read_matter": "on",
        **changed,
    }


def errors_of(response: Any) -> dict[str, str]:
    return {name: " ".join(map(str, found)) for name, found in response.context["form"].errors.items()}


def local(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
