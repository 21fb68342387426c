"""What a customer sent by the public form: a row first, the complaint afterwards; nothing acknowledged is lost."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from service_desk.complaints.models.complaint import Complaint
from service_desk.people.models import ServiceLine


class WebComplaint(models.Model):
    """One sending of the form. What it says is emptied once it stands in the complaint; reference and code stay.

    No address of the sender is kept, only a keyed digest of it, by which sendings are counted.
    """

    token = models.UUIDField(unique=True, editable=False)  # of the form: a double click sends once
    reference = models.CharField(_("Reference"), max_length=20, unique=True, editable=False)
    code_digest = models.CharField(max_length=64, editable=False)
    sender_digest = models.CharField(max_length=64, editable=False)
    received_at = models.DateTimeField(_("Received"), db_default=Now(), editable=False)

    name = models.CharField(_("Complainant"), max_length=80, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    address = models.CharField(_("Address"), max_length=200, blank=True)
    service = models.ForeignKey(
        ServiceLine, verbose_name=_("Service line"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    about_case = models.CharField(max_length=40, blank=True)
    about_person = models.CharField(max_length=80, blank=True)
    matter = models.CharField(max_length=120)
    description = models.TextField(max_length=4000, blank=True)
    wanted = models.TextField(max_length=2000)

    complaint = models.OneToOneField(
        Complaint, verbose_name=_("Complaint"), null=True, on_delete=models.PROTECT, related_name="web", editable=False
    )
    taken_in_at = models.DateTimeField(null=True, editable=False)
    tries = models.PositiveIntegerField(default=0, editable=False)
    next_try_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("Complaint sent by the web form")
        verbose_name_plural = _("Complaints sent by the web form")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["sender_digest", "received_at"], name="web_complaint_sender"),
            models.Index(fields=["received_at"], name="web_complaint_received"),
            models.Index(fields=["next_try_at", "id"], name="web_complaint_waiting", condition=Q(taken_in_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_in_at=None, complaint=None) | Q(taken_in_at__isnull=False, complaint__isnull=False),
                name="web_complaint_taken_in_as_something",
            ),
            models.CheckConstraint(
                condition=Q(taken_in_at__isnull=False) | (~Q(matter="") & ~Q(wanted="")),
                name="web_complaint_says_something",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
