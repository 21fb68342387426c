"""The verbs of complaints, called by every door; notes, hand-overs and promises are the case's own verbs."""

from service_desk.complaints.actions.accepting import Acceptance, accept
from service_desk.complaints.actions.circling import call_in, let_go, reveal
from service_desk.complaints.actions.correcting import correct, finish_correction
from service_desk.complaints.actions.deciding import assign, decide, escalate, satisfaction
from service_desk.complaints.actions.identifying import Identifier, identify
from service_desk.complaints.actions.replanning import regulator_time
from service_desk.complaints.actions.suggesting import answer, praise, return_answer, suggest
from service_desk.complaints.actions.working import concern, raise_level, write_clear

__all__ = [
    "Acceptance",
    "Identifier",
    "accept",
    "answer",
    "assign",
    "call_in",
    "concern",
    "correct",
    "decide",
    "escalate",
    "finish_correction",
    "identify",
    "let_go",
    "praise",
    "raise_level",
    "regulator_time",
    "return_answer",
    "reveal",
    "satisfaction",
    "suggest",
    "write_clear",
]
