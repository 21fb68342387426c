"""The complaints of the demo company stand at different stages, each told through the product's own verbs."""

from __future__ import annotations

import pytest

from service_desk.audit.context import acting
from service_desk.complaints.models import Complaint
from service_desk.deadlines.clock import now
from service_desk.local import reference
from service_desk.local.demo import complaints, organisation
from service_desk.notices.models import Notice

pytestmark = pytest.mark.django_db


def test_the_demo_shows_complaints_at_every_stage() -> None:
    reference.load()
    with acting(door="command", label="demo"):
        company = organisation.build("a b c d", now())
        complaints.build(company)
    stages = set(Complaint.objects.values_list("stage", flat=True))
    assert stages == {"complaint", "escalated", "appeal"}
    assert set(Complaint.objects.values_list("case__level", flat=True)) == {"ordinary", "serious", "major"}
    assert Complaint.objects.filter(case__state="replied").exists()
    assert Notice.objects.filter(kind="complaint_major").exists()
    chief = company.staff["lina"]
    assert not Complaint.objects.visible_to(chief).filter(about_staff=company.staff["yangyang"]).exists()
