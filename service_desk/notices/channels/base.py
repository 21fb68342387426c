"""What every channel is: one small class that sends one letter, or says why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True)
class Letter:
    """A notice ready to leave, in its reader's language; needs no database any more."""

    dedup_key: str
    message_id: str
    target: str
    level: str
    level_label: str
    kind: str
    subject: str
    body: str
    url: str = ""
    ack_url: str = ""
    note: str = ""
    about: str = ""
    created_at: str = ""
    language: str = ""
    secrets: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    html: str = ""
    files: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """Body, note and page as plain text, for channels that have nothing else."""
        return "\n\n".join(part for part in (self.body, self.note, self.url) if part)


class NotSent(Exception):  # noqa: N818  (an outcome, not a fault of the program)
    """The letter did not go out.

    `final`: trying again is of no use. `uncertain`: no answer came, so it may have arrived all the same.
    """

    def __init__(self, reason: str, *, final: bool = False, uncertain: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        self.uncertain = uncertain


class BadTarget(ValueError):  # noqa: N818  (named after what was given)
    """This is not an address of the channel; the message says what one looks like."""


class Channel(Protocol):
    """A way out of the house."""

    kind: ClassVar[str]
    #: How many letters of this channel are on their way at once; a channel that hangs holds up itself alone.
    lanes: ClassVar[int]

    def check(self, target: str) -> str:
        """The address in its canonical form; raises `BadTarget`."""
        ...

    def send(self, letter: Letter) -> None:
        """Hand over one letter; raises `NotSent`. Called in a thread of its own, without a database."""
        ...
