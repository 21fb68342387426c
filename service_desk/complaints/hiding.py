"""Keeps complaints out of the trail's pages for everybody outside their circle (P6)."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Q, Value
from django.db.models.functions import Cast, Concat

from service_desk.audit import hiding
from service_desk.complaints.models import Complaint


def unseen_by(user: Any) -> Q:
    """The entries about complaints that this person may not know of."""
    theirs: Any = Complaint.objects.visible_to(user).values("pk")
    others = Complaint.objects.exclude(pk__in=theirs).order_by()
    things = others.annotate(thing=Concat(Value("case:"), Cast("pk", CharField()))).values("thing")
    return Q(thing__in=things)


def register() -> None:
    """Hand it to the trail; called once when the room is ready."""
    hiding.register(unseen_by)
