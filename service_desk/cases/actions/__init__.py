"""The verbs of a case. Every door (screen, REST, admin, worker) calls these and nothing else writes cases."""

from service_desk.cases.actions.moving import (
    arrive,
    cancel,
    close,
    grade,
    note,
    observe,
    reply,
    resolve,
    restore,
    resume,
    start,
    tell,
    wait,
)
from service_desk.cases.actions.registering import Registration, register

__all__ = [
    "Registration",
    "arrive",
    "cancel",
    "close",
    "grade",
    "note",
    "observe",
    "register",
    "reply",
    "resolve",
    "restore",
    "resume",
    "start",
    "tell",
    "wait",
]
