"""Turns a delivery into the letter that leaves: texts in the reader's language, links, address and secrets."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from service_desk.notices import vault
from service_desk.notices.channels import Letter
from service_desk.notices.kinds import NOTHING, enclosed, render
from service_desk.notices.links import sign
from service_desk.notices.models import Delivery, Notice
from service_desk.notices.rules import Level


def language_of(delivery: Delivery) -> str:
    """The recipient's language, if it goes to the recipient alone; else that of the desk."""
    person = delivery.notice.recipient
    to_group = delivery.address is not None and delivery.address.staff_id is None
    return (person.language if person is not None and not to_group else "") or settings.LANGUAGE_CODE


def letter_for(delivery: Delivery) -> Letter:
    """Everything the channel needs, so that it sends without a database."""
    notice, address = delivery.notice, delivery.address
    language = language_of(delivery)
    with translation.override(language):
        shown = render(notice.kind, notice.facts)
        beside = enclosed(notice.kind, notice.facts) if delivery.channel == "email" else NOTHING
        return Letter(
            dedup_key=delivery.dedup_key,
            message_id=delivery.message_id,
            target=delivery.target or (address.target if address else ""),
            level=notice.level,
            level_label=str(Level(notice.level).label),
            kind=notice.kind,
            subject=shown.subject,
            body=shown.body,
            note=note_of(notice),
            url=f"{settings.SITE_URL}{notice.link}" if notice.link else "",
            ack_url=ack_url(notice) if delivery.channel == "email" else "",
            about=notice.about,
            created_at=notice.created_at.isoformat(),
            language=language,
            secrets=vault.in_force(address.secret, address.previous_secret) if address else (),
            facts={name: value for name, value in notice.facts.items() if not name.startswith("_")},
            html=beside.html,
            files=beside.files,
        )


def ack_url(notice: Notice) -> str:
    """The signed link, if there is something to acknowledge and somebody to do it."""
    if not notice.needs_ack or notice.recipient_id is None:
        return ""
    return f"{settings.SITE_URL}{reverse('notice-acknowledge-link', args=[sign(notice.pk, notice.recipient_id)])}"


def note_of(notice: Notice) -> str:
    """Why this person is told, and whether the system was late, in the active language."""
    notes: list[str] = []
    if notice.fallback:
        notes.append(_("Nobody is on duty for this, so the duty manager is told."))
    elif notice.instead_of is not None:
        notes.append(_("You are told in place of %(name)s, who is absent.") % {"name": notice.instead_of})
    if notice.late_by_seconds and not notice.facts.get("late_seconds"):  # else the text itself says so
        notes.append(_("The system was late by %(minutes)s min.") % {"minutes": -(-notice.late_by_seconds // 60)})
    return " ".join(notes)
