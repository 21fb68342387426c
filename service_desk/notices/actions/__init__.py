"""The verbs of notices, one file a theme; other rooms import them from here."""

from service_desk.notices.actions.answering import acknowledge, may_acknowledge, read, stop_chain
from service_desk.notices.actions.repeating import repeat_due
from service_desk.notices.actions.sending import NewNotice, send_many, send_test
from service_desk.notices.actions.undelivered import redrive

__all__ = [
    "NewNotice",
    "acknowledge",
    "may_acknowledge",
    "read",
    "redrive",
    "repeat_due",
    "send_many",
    "send_test",
    "stop_chain",
]
