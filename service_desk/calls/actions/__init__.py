"""The verbs of calls as the desk sees them, one file a theme; doors import them from here."""

from service_desk.calls.actions.carrying import keep_all
from service_desk.calls.actions.keeping import keep
from service_desk.calls.actions.messages import (
    NewMessage,
    acknowledge_message,
    answer_message,
    reveal_number,
    take_message,
)
from service_desk.calls.actions.settling import (
    settle_as_case,
    settle_as_exception,
    settle_as_message,
    undo_settlement,
)

__all__ = [
    "NewMessage",
    "acknowledge_message",
    "answer_message",
    "keep",
    "keep_all",
    "reveal_number",
    "settle_as_case",
    "settle_as_exception",
    "settle_as_message",
    "take_message",
    "undo_settlement",
]
