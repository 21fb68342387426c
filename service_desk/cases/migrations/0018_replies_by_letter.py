"""A reply may go by letter; and a visit about a complaint is no on-site support, so that it owes no technical report (C8)."""

from __future__ import annotations

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

CHANNELS = [
    ("phone", "Phone"),
    ("email", "E-mail"),
    ("sms", "SMS"),
    ("wechat", "WeChat"),
    ("visit", "Visit"),
    ("letter", "Letter"),
]

OWED = """
CREATE OR REPLACE FUNCTION case_closed_with_report() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    demanded text := (SELECT report FROM cases_requesttype WHERE id = NEW.request_type_id);
BEGIN
    IF NEW.arrived_at IS NOT NULL AND NEW.kind <> 'complaint' AND NOT EXISTS (
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
"""
BEFORE = OWED.replace(" AND NEW.kind <> 'complaint'", "")


class Migration(migrations.Migration):
    """The wider constraint is looked over after the table is free again."""

    dependencies = [("cases", "0017_open_confidential")]

    operations = [
        migrations.RunSQL(OWED, BEFORE),
        migrations.RemoveConstraint(model_name="customerreport", name="report_submitted_to_somebody"),
        migrations.AlterField(
            model_name="case",
            name="reply_channel",
            field=models.CharField(blank=True, choices=CHANNELS, max_length=10, verbose_name="Replied by"),
        ),
        migrations.AlterField(
            model_name="casecycle",
            name="reply_channel",
            field=models.CharField(blank=True, choices=CHANNELS, max_length=10, verbose_name="Replied by"),
        ),
        migrations.AlterField(
            model_name="customerreport",
            name="channel",
            field=models.CharField(blank=True, choices=CHANNELS, max_length=10, verbose_name="Submitted by way of"),
        ),
        AddConstraintNotValid(
            model_name="customerreport",
            constraint=models.CheckConstraint(
                condition=Q(channel="", recipient="", state="draft", submitted_at=None, submitted_by=None)
                | Q(
                    ("state", "submitted"),
                    ("submitted_at__isnull", False),
                    ("submitted_by__isnull", False),
                    ("channel__in", [value for value, _label in CHANNELS]),
                    ~Q(recipient=""),
                ),
                name="report_submitted_to_somebody",
            ),
        ),
        ValidateConstraint(model_name="customerreport", name="report_submitted_to_somebody"),
    ]
