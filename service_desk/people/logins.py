"""Ends the log-ins of one person everywhere, when what they may do has changed."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from service_desk.people.models import Staff


def end_sessions(staff: Staff) -> int:
    """Delete every session of `staff`; how many. Reads all that are valid: rare work, and the rows are few."""
    mine = [
        session.pk
        for session in Session.objects.filter(expire_date__gt=Now()).iterator()
        if session.get_decoded().get(SESSION_KEY) == str(staff.pk)
    ]
    Session.objects.filter(pk__in=mine).delete()
    return len(mine)
