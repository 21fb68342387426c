"""Carries the circumstances of the present call, so that no verb has to pass them from hand to hand.

The web middleware, the REST authentication, the workers and the commands say here once through which door the
present work came in; `audit.actions` reads it when a verb writes its entry.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from ipaddress import ip_address

from service_desk.audit.rules import Door


@dataclass(frozen=True, slots=True)
class Acting:
    """Through which door, from where and under which name the present work is done."""

    door: Door = Door.COMMAND
    ip: str | None = None
    label: str = ""
    request_id: str = ""


_NOBODY = Acting()
_current: ContextVar[Acting | None] = ContextVar("service_desk_acting", default=None)


def current() -> Acting:
    """The present circumstances; outside of any `acting` block, those of a bare command."""
    return _current.get() or _NOBODY


@contextmanager
def acting(
    *,
    door: str | None = None,
    ip: str | None = None,
    label: str | None = None,
    request_id: str | None = None,
) -> Iterator[Acting]:
    """State the circumstances for the enclosed work; what is not given is taken from the enclosing block."""
    outer = current()
    inner = Acting(
        door=outer.door if door is None else Door(door),
        ip=outer.ip if ip is None else _address(ip),
        label=outer.label if label is None else label,
        request_id=outer.request_id if request_id is None else request_id,
    )
    token = _current.set(inner)
    try:
        yield inner
    finally:
        _current.reset(token)


def set_label(label: str) -> None:
    """Name the key or worker once it is known; holds to the end of the enclosing `acting` block.

    Outside of such a block nothing is kept, because nobody would take it back before the thread's next work.
    """
    present = _current.get()
    if present is not None:
        _current.set(replace(present, label=label))


def _address(text: str) -> str | None:
    """The address in its normal form; None for what is no address, as a forwarded header may carry anything."""
    try:
        return str(ip_address(text))
    except ValueError:
        return None
