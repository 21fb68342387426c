"""Reports to the customer, demanded before closing (C8), and the files of a case."""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

FORWARD = """
-- C8: what was submitted to the customer is never changed; a correction is a new revision.
CREATE FUNCTION report_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR OLD.state = 'submitted' THEN
        RAISE EXCEPTION 'C8: a report that was submitted is never changed, and none is removed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'report_is_kept', TABLE = 'cases_customerreport';
    END IF;
    IF NEW.id <> OLD.id OR NEW.case_id <> OLD.case_id OR NEW.kind <> OLD.kind OR NEW.revision <> OLD.revision
       OR NEW.created_by_id <> OLD.created_by_id OR NEW.created_at <> OLD.created_at THEN
        RAISE EXCEPTION 'C8: whose report it is and which revision is written once'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'report_is_kept', TABLE = 'cases_customerreport';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER report_is_kept BEFORE UPDATE OR DELETE ON cases_customerreport
    FOR EACH ROW EXECUTE FUNCTION report_is_kept();
CREATE TRIGGER report_is_kept_whole BEFORE TRUNCATE ON cases_customerreport
    FOR EACH STATEMENT EXECUTE FUNCTION report_is_kept();

-- C8: no case closes without the report that a visit or its request type demands, whatever door the write comes by.
CREATE FUNCTION case_closed_with_report() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    demanded text := (SELECT report FROM cases_requesttype WHERE id = NEW.request_type_id);
BEGIN
    IF NEW.arrived_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM cases_customerreport r WHERE r.case_id = NEW.id AND r.kind = 'service_report'
           AND r.state = 'submitted' AND r.submitted_at >= NEW.arrived_at
    ) THEN
        demanded := 'service_report';
    ELSIF demanded IS NULL OR demanded = '' OR EXISTS (
        SELECT 1 FROM cases_customerreport r
         WHERE r.case_id = NEW.id AND r.kind = demanded AND r.state = 'submitted'
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'C8: the case does not close without its %', demanded
        USING ERRCODE = 'check_violation', CONSTRAINT = 'case_closed_with_report', TABLE = 'cases_case';
END $$;
CREATE TRIGGER case_closed_with_report BEFORE UPDATE ON cases_case FOR EACH ROW
    WHEN (NEW.state = 'closed' AND (NEW.arrived_at IS NOT NULL OR NEW.request_type_id IS NOT NULL)
          AND (OLD.state IS DISTINCT FROM 'closed' OR NEW.arrived_at IS DISTINCT FROM OLD.arrived_at
               OR NEW.request_type_id IS DISTINCT FROM OLD.request_type_id))
    EXECUTE FUNCTION case_closed_with_report();
CREATE TRIGGER case_born_closed_with_report BEFORE INSERT ON cases_case FOR EACH ROW
    WHEN (NEW.state = 'closed' AND (NEW.arrived_at IS NOT NULL OR NEW.request_type_id IS NOT NULL))
    EXECUTE FUNCTION case_closed_with_report();

-- A file is never deleted and never exchanged; that it was withdrawn is added once.
CREATE FUNCTION case_file_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL
       AND to_jsonb(NEW) - '{withdrawn_at,withdrawn_by_id,withdrawn_reason}'::text[]
         = to_jsonb(OLD) - '{withdrawn_at,withdrawn_by_id,withdrawn_reason}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a file of a case is never changed or deleted; withdraw it with a reason'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'case_file_is_kept', TABLE = 'cases_casefile';
END $$;
CREATE TRIGGER case_file_is_kept BEFORE UPDATE OR DELETE ON cases_casefile
    FOR EACH ROW EXECUTE FUNCTION case_file_is_kept();
CREATE TRIGGER case_file_is_kept_whole BEFORE TRUNCATE ON cases_casefile
    FOR EACH STATEMENT EXECUTE FUNCTION case_file_is_kept();
"""

BACKWARD = """
DROP TRIGGER case_file_is_kept_whole ON cases_casefile;
DROP TRIGGER case_file_is_kept ON cases_casefile;
DROP FUNCTION case_file_is_kept;
DROP TRIGGER case_born_closed_with_report ON cases_case;
DROP TRIGGER case_closed_with_report ON cases_case;
DROP FUNCTION case_closed_with_report;
DROP TRIGGER report_is_kept_whole ON cases_customerreport;
DROP TRIGGER report_is_kept ON cases_customerreport;
DROP FUNCTION report_is_kept;
"""


class Migration(migrations.Migration):
    """Triggers in plain SQL, like those of migrations 0002 and 0004."""

    dependencies: ClassVar = [
        ("cases", "0005_registering"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.AddField(
            model_name="case",
            name="service_report_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="Technical service report submitted"),
        ),
        migrations.AddField(
            model_name="case",
            name="upgrade_summary_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="Version upgrade summary submitted"),
        ),
        migrations.CreateModel(
            name="CustomerReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("service_report", "Technical service report"),
                            ("upgrade_summary", "Version upgrade summary report"),
                        ],
                        max_length=16,
                        verbose_name="Kind",
                    ),
                ),
                ("revision", models.PositiveSmallIntegerField(default=1, verbose_name="Revision")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("submitted", "Submitted")],
                        default="draft",
                        max_length=10,
                        verbose_name="State",
                    ),
                ),
                ("data", models.JSONField(default=dict)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Written"
                    ),
                ),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Changed"
                    ),
                ),
                ("submitted_at", models.DateTimeField(editable=False, null=True, verbose_name="Submitted")),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("phone", "Phone"),
                            ("email", "E-mail"),
                            ("sms", "SMS"),
                            ("wechat", "WeChat"),
                            ("visit", "Visit"),
                        ],
                        max_length=10,
                        verbose_name="Submitted by way of",
                    ),
                ),
                ("recipient", models.CharField(blank=True, max_length=120, verbose_name="Submitted to")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="cases.case",
                        verbose_name="Case",
                    ),
                ),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Changed by",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Written by",
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Submitted by",
                    ),
                ),
            ],
            options={
                "verbose_name": "Report to the customer",
                "verbose_name_plural": "Reports to the customer",
                "ordering": ["kind", "-revision"],
                'constraints': [
                    models.UniqueConstraint(fields=("case", "kind", "revision"), name="report_revision_once"),
                    models.UniqueConstraint(
                condition=models.Q(("state", "draft")), fields=("case", "kind"), name="report_one_draft"
            ),
                    models.CheckConstraint(
                condition=models.Q(("kind__in", ["service_report", "upgrade_summary"])), name="report_kind_is_known"
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("channel", ""),
                        ("recipient", ""),
                        ("state", "draft"),
                        ("submitted_at", None),
                        ("submitted_by", None),
                    ),
                    models.Q(
                        ("state", "submitted"),
                        ("submitted_at__isnull", False),
                        ("submitted_by__isnull", False),
                        ("channel__in", ["phone", "email", "sms", "wechat", "visit"]),
                        models.Q(("recipient", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="report_submitted_to_somebody",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("attachment", "Attachment"),
                            ("report", "Belongs to a report"),
                            ("sign_off", "Signed sheet"),
                        ],
                        default="attachment",
                        max_length=12,
                        verbose_name="What for",
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="Name")),
                ("content_type", models.CharField(max_length=80, verbose_name="Kind")),
                ("size", models.PositiveIntegerField(verbose_name="Size")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("sent_sha256", models.CharField(editable=False, max_length=64)),
                ("stored", models.CharField(editable=False, max_length=60, unique=True)),
                ("thumbnail", models.BooleanField(default=False, editable=False)),
                (
                    "uploaded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Uploaded"
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(editable=False, null=True, verbose_name="Withdrawn")),
                ("withdrawn_reason", models.CharField(blank=True, max_length=500, verbose_name="Reason")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="cases.case",
                        verbose_name="Case",
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="cases.caseevent",
                        verbose_name="Note",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Uploaded by",
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Withdrawn by",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="cases.customerreport",
                        verbose_name="Report",
                    ),
                ),
            ],
            options={
                "verbose_name": "File",
                "verbose_name_plural": "Files",
                "ordering": ["uploaded_at", "id"],
                'constraints': [
                    models.UniqueConstraint(
                condition=models.Q(("withdrawn_at", None)), fields=("case", "sent_sha256"), name="case_file_once"
            ),
                    models.CheckConstraint(
                condition=models.Q(("purpose__in", ["attachment", "report", "sign_off"])),
                name="case_file_purpose_is_known",
            ),
                    models.CheckConstraint(
                condition=models.Q(models.Q(("name", ""), _negated=True), ("size__gt", 0)),
                name="case_file_has_name_and_content",
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawn_at", None), ("withdrawn_by", None), ("withdrawn_reason", "")),
                    models.Q(
                        ("withdrawn_at__isnull", False),
                        ("withdrawn_by__isnull", False),
                        models.Q(("withdrawn_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="case_file_withdrawn_with_reason",
            ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
