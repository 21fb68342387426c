"""Four eyes for what is large: the row above which an export is approved, and the approvals."""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """One column with a default of the database, and a new table."""

    dependencies: ClassVar = [("people", "0003_guarding")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="guardrule",
            name="approve_rows",
            field=models.PositiveIntegerField(
                db_default=100000,
                default=100000,
                help_text="Before its file can be fetched. 0: never.",
                verbose_name="Rows above which an export is approved by somebody else",
            ),
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("thing", models.TextField(unique=True, verbose_name="thing")),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Asked for"
                    ),
                ),
                ("at", models.DateTimeField(editable=False, null=True, verbose_name="Approved")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Asked by",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Approved by",
                    ),
                ),
            ],
            options={
                "verbose_name": "Approval",
                "verbose_name_plural": "Approvals",
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("at", None), ("by", None))
                        | Q(
                            ("at__isnull", False),
                            ("by__isnull", False),
                            Q(("by", F("asked_by")), _negated=True),
                        ),
                        name="approval_by_somebody_else",
                    )
                ],
            },
        ),
    ]
