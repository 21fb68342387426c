"""An index of the few open cases that are confidential: what somebody may know of beyond the others (the board)."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Made beside the work that goes on: no lock that a registration would wait for."""

    atomic = False

    dependencies = [("cases", "0016_by_time")]

    operations = [
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                fields=["id"],
                name="case_open_confidential",
                condition=Q(
                    confidential=True,
                    state__in=["registered", "in_progress", "waiting", "restored", "resolved", "replied"],
                ),
            ),
        )
    ]
