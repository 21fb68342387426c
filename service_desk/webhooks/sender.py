"""The sender: fans events out to the endpoints that want them and carries each there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from service_desk.carrier import Carrier
from service_desk.people.roster import database_now
from service_desk.webhooks.emitting import CHANNEL
from service_desk.webhooks.sending import Sending, fan_out
from service_desk.webhooks.went_back import bring_near


class Sender(Carrier):
    """One process that carries events out."""

    channel: ClassVar[str] = CHANNEL
    leave_seconds: ClassVar[float] = 22.0

    def __init__(self, *, stopping: Callable[[], bool]) -> None:
        self.sending = Sending()
        super().__init__("webhooks", self.sending, stopping=stopping)

    def carry(self) -> bool:
        """Fan out, and send what is due."""
        fanned = fan_out()
        return self.sending.launch() > 0 or fanned > 0

    def each_second(self) -> datetime:
        """Nothing but a look at the clock."""
        return database_now()

    def bring_near(self) -> int:
        """Tries."""
        return bring_near()
