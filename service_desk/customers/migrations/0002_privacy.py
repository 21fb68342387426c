"""Requests of customers about their data, legal holds, and how long callers are kept."""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# That somebody's data were erased is never taken back: their name may have gone from the subjects of cases with it (C1).
FORWARD = """
CREATE FUNCTION customer_stays_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was erased stays erased'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_stays_erased', TABLE = 'customers_customer';
END $$;
CREATE TRIGGER customer_stays_erased BEFORE UPDATE ON customers_customer FOR EACH ROW
    WHEN (OLD.erased_at IS NOT NULL AND NEW.erased_at IS DISTINCT FROM OLD.erased_at)
    EXECUTE FUNCTION customer_stays_erased();
"""
BACKWARD = """
DROP TRIGGER customer_stays_erased ON customers_customer;
DROP FUNCTION customer_stays_erased;
"""


class Migration(migrations.Migration):
    """One new column that may be empty, new tables, and a trigger in plain SQL."""

    dependencies: ClassVar = [
        ("customers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ErasurePass",
            fields=[
                ("holder", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("last_pk", models.BigIntegerField(default=0)),
                ("erased", models.BigIntegerField(default=0)),
                ("began_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "Walk over what is old",
                "verbose_name_plural": "Walks over what is old",
            },
        ),
        migrations.AddField(
            model_name="customer",
            name="erased_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="Data erased"),
        ),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=500, verbose_name="Reason")),
                (
                    "since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Since"
                    ),
                ),
                ("lifted_at", models.DateTimeField(editable=False, null=True, verbose_name="Lifted")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Set by",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="customers.customer",
                        verbose_name="Customer unit",
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Lifted by",
                    ),
                ),
            ],
            options={
                "verbose_name": "Legal hold",
                "verbose_name_plural": "Legal holds",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)), fields=("customer",), name="hold_one_at_a_time"
                    ),
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="hold_has_a_reason"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at", None), ("lifted_by", None)),
                            models.Q(("lifted_at__isnull", False), ("lifted_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="hold_lifted_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PrivacyRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("copy", "A copy of it"),
                            ("correct", "To have it corrected"),
                            ("erase", "To have it erased"),
                        ],
                        max_length=8,
                        verbose_name="What is asked",
                    ),
                ),
                ("asked_by", models.CharField(max_length=80, verbose_name="Who asks")),
                ("proof", models.CharField(max_length=200, verbose_name="How it was made sure that it is them")),
                ("words", models.TextField(blank=True, max_length=2000, verbose_name="In their words")),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Asked"
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="Answer due")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "open"), ("done", "done"), ("refused", "refused")],
                        default="open",
                        max_length=8,
                        verbose_name="State",
                    ),
                ),
                ("answer", models.TextField(blank=True, max_length=2000, verbose_name="Answer")),
                ("decided_at", models.DateTimeField(editable=False, null=True, verbose_name="Decided")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="privacy_requests",
                        to="customers.customer",
                        verbose_name="Customer unit",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Decided by",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Taken by",
                    ),
                ),
            ],
            options={
                "verbose_name": "Request about one's data",
                "verbose_name_plural": "Requests about one's data",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "open")), fields=["due_at", "id"], name="privacy_open")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["copy", "correct", "erase"])), name="privacy_kind_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("asked_by", ""), _negated=True), models.Q(("proof", ""), _negated=True)
                        ),
                        name="privacy_says_who",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("decided_at", None), ("decided_by", None), ("state", "open")),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state__in", ["done", "refused"]),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="privacy_decided_in_words",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PrivacyRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "keep_days",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Counted from the end of the case. 0: never by itself. The law asks for the shortest time needed.",
                        verbose_name="Days after which callers are made anonymous",
                    ),
                ),
                (
                    "answer_days",
                    models.PositiveSmallIntegerField(
                        default=15, help_text="GB/T 35273 allows 30.", verbose_name="Days for the answer to a request"
                    ),
                ),
                (
                    "since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Since"
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
                        verbose_name="Set by",
                    ),
                ),
            ],
            options={
                "verbose_name": "Rule of keeping customers' data",
                "verbose_name_plural": "Rules of keeping customers' data",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("keep_days", 0), ("keep_days__range", (30, 36500)), _connector="OR"),
                        name="privacy_keep_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("answer_days__range", (1, 30))), name="privacy_answer_days"
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
