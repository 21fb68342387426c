"""The data of the organisation: units and staff, what they look after, who is on duty."""

from service_desk.people.models.guarding import Approval, GuardRule, RevealCount
from service_desk.people.models.organisation import Absence, Staff, Unit
from service_desk.people.models.products import ProductType, Qualification, ServiceLine
from service_desk.people.models.roster import DutyShift
from service_desk.people.models.second_step import RecoveryCode, SecondStep, SecondStepRule

__all__ = [
    "Absence",
    "Approval",
    "DutyShift",
    "GuardRule",
    "ProductType",
    "Qualification",
    "RecoveryCode",
    "RevealCount",
    "SecondStep",
    "SecondStepRule",
    "ServiceLine",
    "Staff",
    "Unit",
]
