"""Registering while talking: request types with their own fields, what is told once, drafts (C15, C16)."""

from typing import ClassVar

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

FORWARD = """
-- C15, C16: what was read back stands as it was said when the call was registered; told once is told once.
CREATE FUNCTION case_said_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'C15, C16: read_back and told_once are written once and never changed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'case_said_once', TABLE = 'cases_case';
END $$;
CREATE TRIGGER case_said_once BEFORE UPDATE ON cases_case FOR EACH ROW
    WHEN (NEW.read_back IS DISTINCT FROM OLD.read_back
          OR OLD.told_once_at IS NOT NULL AND (NEW.told_once_at IS DISTINCT FROM OLD.told_once_at
                                               OR NEW.told_once_by_id IS DISTINCT FROM OLD.told_once_by_id))
    EXECUTE FUNCTION case_said_once();

-- A field that has answers is retired, never removed, and its answers keep their meaning.
CREATE FUNCTION request_field_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM cases_case WHERE request_type_id = OLD.request_type_id AND request_values ? OLD.key) THEN
        RAISE EXCEPTION 'a field of a request type that has answers is retired, not removed or made another'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'request_field_in_use', TABLE = 'cases_requestfield';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER request_field_is_kept BEFORE DELETE ON cases_requestfield
    FOR EACH ROW EXECUTE FUNCTION request_field_in_use();
CREATE TRIGGER request_field_keeps_meaning BEFORE UPDATE ON cases_requestfield FOR EACH ROW
    WHEN (NEW.key <> OLD.key OR NEW.kind <> OLD.kind OR NEW.request_type_id <> OLD.request_type_id)
    EXECUTE FUNCTION request_field_in_use();
"""

BACKWARD = """
DROP TRIGGER request_field_keeps_meaning ON cases_requestfield;
DROP TRIGGER request_field_is_kept ON cases_requestfield;
DROP FUNCTION request_field_in_use;
DROP TRIGGER case_said_once ON cases_case;
DROP FUNCTION case_said_once;
"""


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [
        ("cases", "0004_handler_by_hand_over"),
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.AddField(
            model_name="case",
            name="read_back",
            field=models.JSONField(db_default={}, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="case",
            name="request_values",
            field=models.JSONField(db_default={}, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="case",
            name="told_once_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="Told once"),
        ),
        migrations.AddField(
            model_name="case",
            name="told_once_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Told by",
            ),
        ),
        migrations.CreateModel(
            name="RegisterDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.UUIDField()),
                ("values", models.JSONField(default=dict)),
                ("saved_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "Draft of a registration",
                "verbose_name_plural": "Drafts of registrations",
                "ordering": ["-saved_at"],
                'indexes': [
                    models.Index(fields=["saved_at"], name="register_draft_age"),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=("user", "token"), name="register_draft_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestType",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True, verbose_name="Name")),
                ("name_en", models.CharField(blank=True, max_length=60, verbose_name="English name")),
                (
                    "report",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("service_report", "Technical service report"),
                            ("upgrade_summary", "Version upgrade summary report"),
                        ],
                        max_length=16,
                        verbose_name="Report before closing",
                    ),
                ),
                ("materials", models.TextField(blank=True, max_length=2000, verbose_name="Materials")),
                ("steps", models.TextField(blank=True, max_length=2000, verbose_name="Steps")),
                ("is_active", models.BooleanField(default=True, verbose_name="Active")),
                ("order", models.PositiveSmallIntegerField(default=100, verbose_name="Place in the list")),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "service_line",
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
                "verbose_name": "Request type",
                "verbose_name_plural": "Request types",
                "ordering": ["order", "id"],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="request_type_has_name"
            ),
                    models.CheckConstraint(
                condition=models.Q(("report__in", ["", "service_report", "upgrade_summary"])),
                name="request_type_report_is_known",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestField",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.SlugField(max_length=30, verbose_name="Key")),
                ("name", models.CharField(max_length=60, verbose_name="Label")),
                ("name_en", models.CharField(blank=True, max_length=80, verbose_name="English label")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("date", "Date"),
                            ("choice", "Choice"),
                            ("yes_no", "Yes or no"),
                        ],
                        default="text",
                        max_length=10,
                        verbose_name="Kind of field",
                    ),
                ),
                ("required", models.BooleanField(default=False, verbose_name="Must be filled in")),
                ("choices", models.TextField(blank=True, max_length=2000, verbose_name="Choices")),
                (
                    "lowest",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True, verbose_name="Lowest"),
                ),
                (
                    "highest",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=14, null=True, verbose_name="Highest"),
                ),
                ("help", models.CharField(blank=True, max_length=200, verbose_name="Help")),
                ("order", models.PositiveSmallIntegerField(default=100, verbose_name="Place in the list")),
                ("is_active", models.BooleanField(default=True, verbose_name="Active")),
                (
                    "request_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fields",
                        to="cases.requesttype",
                        verbose_name="Request type",
                    ),
                ),
            ],
            options={
                "verbose_name": "Field of a request type",
                "verbose_name_plural": "Fields of request types",
                "ordering": ["order", "id"],
                'constraints': [
                    models.UniqueConstraint(fields=("request_type", "key"), name="request_field_key_once"),
                    models.CheckConstraint(
                condition=models.Q(("key__regex", "^[a-z][a-z0-9_]*$")), name="request_field_key_is_plain"
            ),
                    models.CheckConstraint(
                condition=models.Q(("kind__in", ["text", "number", "date", "choice", "yes_no"])),
                name="request_field_kind_is_known",
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "choice"), _negated=True),
                    models.Q(("choices", ""), _negated=True),
                    _connector="OR",
                ),
                name="request_field_choice_has_choices",
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    ("lowest", None), ("highest", None), ("highest__gte", models.F("lowest")), _connector="OR"
                ),
                name="request_field_range_in_order",
            ),
                ],
            },
        ),
        migrations.AddField(
            model_name="case",
            name="request_type",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cases",
                to="cases.requesttype",
                verbose_name="Request type",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("request_type__isnull", False)),
                fields=["request_type", "-registered_at", "-id"],
                name="case_request_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("request_type__isnull", False)),
                fields=["request_values"],
                name="case_request_values",
                opclasses=["jsonb_path_ops"],
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("request_type__isnull", False),
                    models.Q(("request_values", {}), ("told_once_at", None)),
                    _connector="OR",
                ),
                name="case_answers_a_request_type",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("told_once_at", None), ("told_once_by", None)),
                    models.Q(("told_once_at__isnull", False), ("told_once_by__isnull", False)),
                    _connector="OR",
                ),
                name="case_told_once_by_somebody",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
