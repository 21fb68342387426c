"""The contract's own form; nothing to map."""

from __future__ import annotations

from typing import Any

from service_desk.telephony.drivers.base import JSON, Clock, Delivery, Item, read_json
from service_desk.telephony.reading import MOST_EVENTS, items_of
from service_desk.telephony.rules import IntegrationKind


class NativeDriver:
    """One event, or `{"events": [1..100]}`."""

    kind: str = IntegrationKind.NATIVE
    media_types = frozenset({JSON})

    def read(self, raw: bytes, media_type: str, clock: Clock) -> Delivery:
        items, is_batch = items_of(self.json(raw), "events", MOST_EVENTS)
        return Delivery(events=[Item(item) for item in items], is_batch=is_batch)

    @staticmethod
    def json(raw: bytes) -> Any:
        """The body."""
        return read_json(raw)
