"""The verbs of telephony, one file a theme; doors import them from here."""

from service_desk.telephony.actions.by_hand import (
    answer_call,
    begin_call,
    end_call,
    hold_call,
    resume_call,
    update_caller,
)
from service_desk.telephony.actions.extensions import add_extension, end_extension
from service_desk.telephony.actions.handling import claim_call, note_transfer
from service_desk.telephony.actions.receiving import Receipt, receive_event, receive_record
from service_desk.telephony.actions.refusing import note_refusal, purge_old
from service_desk.telephony.actions.setting_up import (
    Issued,
    NewIntegration,
    change_integration,
    create_integration,
    retire_old_credentials,
    rotate_credentials,
    send_test_event,
    switch_integration,
)
from service_desk.telephony.actions.sweeping import give_up_stale, tell_silence

__all__ = [
    "Issued",
    "NewIntegration",
    "Receipt",
    "add_extension",
    "answer_call",
    "begin_call",
    "change_integration",
    "claim_call",
    "create_integration",
    "end_call",
    "end_extension",
    "give_up_stale",
    "hold_call",
    "note_refusal",
    "note_transfer",
    "purge_old",
    "receive_event",
    "receive_record",
    "resume_call",
    "retire_old_credentials",
    "rotate_credentials",
    "send_test_event",
    "switch_integration",
    "tell_silence",
    "update_caller",
]
