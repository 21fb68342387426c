"""The data of complaints: what a case is beyond a case when it is a complaint."""

from service_desk.complaints.models.complaint import Complaint, ComplaintNumber, ExternalIdentifier
from service_desk.complaints.models.parts import Clear, CorrectiveAction, Instance, Suggestion
from service_desk.complaints.models.web import WebComplaint

__all__ = [
    "Clear",
    "Complaint",
    "ComplaintNumber",
    "CorrectiveAction",
    "ExternalIdentifier",
    "Instance",
    "Suggestion",
    "WebComplaint",
]
