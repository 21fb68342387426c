"""The verbs of the organisation: duty roster and absences, qualification, roles and leaving."""

from service_desk.people.actions.guarding import note_reveal, set_guard_rule
from service_desk.people.actions.rostering import end_absence, plan_shift, remove_shift, set_absence
from service_desk.people.actions.staffing import (
    after_change,
    deactivate,
    qualify,
    reveal_mobile,
    set_password,
    set_roles,
    unqualify,
)

__all__ = [
    "after_change",
    "deactivate",
    "end_absence",
    "note_reveal",
    "plan_shift",
    "qualify",
    "remove_shift",
    "reveal_mobile",
    "set_absence",
    "set_guard_rule",
    "set_password",
    "set_roles",
    "unqualify",
]
