"""What customers send by the public form: a row before anything else."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """Sendings of the public form."""

    dependencies = [
        ("complaints", "0001_initial"),
        ("people", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebComplaint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.UUIDField(editable=False, unique=True)),
                ("reference", models.CharField(editable=False, max_length=20, unique=True, verbose_name="Reference")),
                ("code_digest", models.CharField(editable=False, max_length=64)),
                ("sender_digest", models.CharField(editable=False, max_length=64)),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Received"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="Complainant")),
                ("phone", models.CharField(blank=True, max_length=60)),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="Address")),
                ("about_case", models.CharField(blank=True, max_length=40)),
                ("about_person", models.CharField(blank=True, max_length=80)),
                ("matter", models.CharField(max_length=120)),
                ("description", models.TextField(blank=True, max_length=4000)),
                ("wanted", models.TextField(max_length=2000)),
                ("taken_in_at", models.DateTimeField(editable=False, null=True)),
                ("tries", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "next_try_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "complaint",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="web",
                        to="complaints.complaint",
                        verbose_name="Complaint",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.serviceline",
                        verbose_name="Service line",
                    ),
                ),
            ],
            options={
                "verbose_name": "Complaint sent by the web form",
                "verbose_name_plural": "Complaints sent by the web form",
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["sender_digest", "received_at"], name="web_complaint_sender"),
                    models.Index(fields=["received_at"], name="web_complaint_received"),
                    models.Index(
                        condition=models.Q(("taken_in_at", None)),
                        fields=["next_try_at", "id"],
                        name="web_complaint_waiting",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("complaint", None), ("taken_in_at", None)),
                            models.Q(("complaint__isnull", False), ("taken_in_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="web_complaint_taken_in_as_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_in_at__isnull", False),
                            models.Q(models.Q(("matter", ""), _negated=True), models.Q(("wanted", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="web_complaint_says_something",
                    ),
                ],
            },
        ),
    ]
