"""The verbs of the phrasebook: drafting, approving, retiring, releases, findings."""

from service_desk.knowledge.actions.drafting import draft
from service_desk.knowledge.actions.findings import demand_sayable, dismiss, hear, note_use, record_findings
from service_desk.knowledge.actions.releasing import approve, publish, retire, roll_back

__all__ = [
    "approve",
    "demand_sayable",
    "dismiss",
    "draft",
    "hear",
    "note_use",
    "publish",
    "record_findings",
    "retire",
    "roll_back",
]
