"""Sums that took too long to be waited for."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """A table of its own; nothing else is touched."""

    dependencies = [("reports", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="LongSum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("report", models.CharField(editable=False, max_length=40, verbose_name="Report")),
                ("question", models.JSONField(editable=False)),
                ("digest", models.CharField(editable=False, max_length=64)),
                (
                    "asked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("done_at", models.DateTimeField(editable=False, null=True)),
                ("problem", models.CharField(blank=True, default="", editable=False, max_length=20)),
                ("answer", models.JSONField(editable=False, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "Long sum",
                "verbose_name_plural": "Long sums",
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)), fields=["asked_at", "id"], name="long_sum_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "digest"), name="long_sum_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer__isnull", True), ("done_at", None), ("problem", "")),
                            models.Q(("answer__isnull", False), ("done_at__isnull", False), ("problem", "")),
                            models.Q(
                                ("answer__isnull", True),
                                ("done_at__isnull", False),
                                models.Q(("problem", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="long_sum_has_answer_or_problem",
                    ),
                ],
            },
        ),
    ]
