"""The data of the desk: cases, what happened to them, their clocks."""

from service_desk.cases.models.articles import CaseArticle
from service_desk.cases.models.case import Case, DailyNumber
from service_desk.cases.models.circle import (
    BarredWhy,
    CaseBarred,
    CaseCircle,
    CircleWhy,
    admit,
    barred_from,
    release,
)
from service_desk.cases.models.clocks import CaseClockEvent, CaseDeadline, CasePause
from service_desk.cases.models.files import CaseFile
from service_desk.cases.models.history import CaseEvent, ImpactObservation
from service_desk.cases.models.links import CaseCycle, CaseLink
from service_desk.cases.models.note_templates import NoteTemplate
from service_desk.cases.models.parts import Consultation, HandOver, Promise
from service_desk.cases.models.reports import CustomerReport
from service_desk.cases.models.requests import RegisterDraft, RequestField, RequestType
from service_desk.cases.models.views import DefaultView, SavedView, Sharing
from service_desk.cases.models.watching import CaseWatch, Mention
from service_desk.cases.models.words import CaseWords

__all__ = [
    "BarredWhy",
    "Case",
    "CaseArticle",
    "CaseBarred",
    "CaseCircle",
    "CaseClockEvent",
    "CaseCycle",
    "CaseDeadline",
    "CaseEvent",
    "CaseFile",
    "CaseLink",
    "CasePause",
    "CaseWatch",
    "CaseWords",
    "CircleWhy",
    "Consultation",
    "CustomerReport",
    "DailyNumber",
    "DefaultView",
    "HandOver",
    "ImpactObservation",
    "Mention",
    "NoteTemplate",
    "Promise",
    "RegisterDraft",
    "RequestField",
    "RequestType",
    "SavedView",
    "Sharing",
    "admit",
    "barred_from",
    "release",
]
