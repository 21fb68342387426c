"""The verbs of a case. Every door (screen, REST, admin, worker) calls these and nothing else writes cases."""

from service_desk.cases.actions.consulting import answer, ask
from service_desk.cases.actions.filing import attach, take_back
from service_desk.cases.actions.handing_over import accept, decline, hand_over, withdraw
from service_desk.cases.actions.linking import link, split
from service_desk.cases.actions.merging import merge
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
from service_desk.cases.actions.progress import interval
from service_desk.cases.actions.promising import keep, postpone, promise
from service_desk.cases.actions.registering import Registration, register
from service_desk.cases.actions.reopening import reopen
from service_desk.cases.actions.reporting import save_report, submit_report
from service_desk.cases.actions.retyping import retype
from service_desk.cases.actions.telling_once import told_once
from service_desk.cases.actions.watching import unwatch, watch

__all__ = [
    "Registration",
    "accept",
    "answer",
    "arrive",
    "ask",
    "attach",
    "cancel",
    "close",
    "decline",
    "grade",
    "hand_over",
    "interval",
    "keep",
    "link",
    "merge",
    "note",
    "observe",
    "postpone",
    "promise",
    "register",
    "reopen",
    "reply",
    "resolve",
    "restore",
    "resume",
    "retype",
    "save_report",
    "split",
    "start",
    "submit_report",
    "take_back",
    "tell",
    "told_once",
    "unwatch",
    "wait",
    "watch",
    "withdraw",
]
