"""Calls on screens."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """A row per call and person; its token is that of the register form."""

    dependencies = [
        ("calls", "0001_initial"),
        ("telephony", "0003_by_hand"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CallPop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("rang", models.BooleanField(default=False, verbose_name="Rang here")),
                (
                    "shown_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Shown"
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="Withdrawn")),
                (
                    "withdrawn_because",
                    models.CharField(
                        blank=True,
                        choices=[("elsewhere", "a colleague has answered"), ("gone", "the caller gave up")],
                        default="",
                        max_length=10,
                        verbose_name="Because",
                    ),
                ),
                ("put_aside_at", models.DateTimeField(blank=True, null=True, verbose_name="Put aside")),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pops",
                        to="telephony.call",
                        verbose_name="Call",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Member of staff",
                    ),
                ),
            ],
            options={
                "verbose_name": "Call on a screen",
                "verbose_name_plural": "Calls on screens",
                "indexes": [
                    models.Index(
                        condition=Q(withdrawn_at=None, put_aside_at=None), fields=["staff", "-id"], name="pop_showing"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("call", "staff"), name="pop_once"),
                    models.CheckConstraint(
                        condition=Q(withdrawn_at=None, withdrawn_because="")
                        | Q(withdrawn_at__isnull=False, withdrawn_because__in=["elsewhere", "gone"]),
                        name="pop_withdrawn_with_reason",
                    ),
                ],
            },
        ),
    ]
