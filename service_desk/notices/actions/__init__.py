"""The verbs of notices, one file a theme; other rooms import them from here."""

from service_desk.notices.actions.addresses import add_address, choose_mailbox, remove_address, rotate_secret
from service_desk.notices.actions.answering import acknowledge, may_acknowledge, read, read_everything, stop_chain
from service_desk.notices.actions.calling_in import call_in, deputy_of
from service_desk.notices.actions.escalating import escalate_failures, open_next_channel
from service_desk.notices.actions.repeating import repeat_due
from service_desk.notices.actions.sending import NewNotice, send_many, send_test
from service_desk.notices.actions.undelivered import redrive

__all__ = [
    "NewNotice",
    "acknowledge",
    "add_address",
    "call_in",
    "choose_mailbox",
    "deputy_of",
    "escalate_failures",
    "may_acknowledge",
    "open_next_channel",
    "read",
    "read_everything",
    "redrive",
    "remove_address",
    "repeat_due",
    "rotate_secret",
    "send_many",
    "send_test",
    "stop_chain",
]
