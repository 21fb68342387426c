"""Files wait for the virus scanner's verdict, which is written once."""

from typing import ClassVar

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

FUNCTION = """
CREATE OR REPLACE FUNCTION case_file_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gone text[] := '{withdrawn_at,withdrawn_by_id,withdrawn_reason}';
    verdict text[] := '{scan,virus}';
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND to_jsonb(NEW) - gone = to_jsonb(OLD) - gone THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.scan = 'waiting' AND NEW.scan IN ('clean', 'infected')
       AND to_jsonb(NEW) - verdict = to_jsonb(OLD) - verdict THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a file of a case is never changed or deleted; withdraw it with a reason'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'case_file_is_kept', TABLE = 'cases_casefile';
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION case_file_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL
       AND to_jsonb(NEW) - '{withdrawn_at,withdrawn_by_id,withdrawn_reason}'::text[]
         = to_jsonb(OLD) - '{withdrawn_at,withdrawn_by_id,withdrawn_reason}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a file of a case is never changed or deleted; withdraw it with a reason'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'case_file_is_kept', TABLE = 'cases_casefile';
END $$;
"""


class Migration(migrations.Migration):
    """Two columns with constant defaults: no table is rewritten."""

    dependencies: ClassVar = [("cases", "0018_replies_by_letter")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="casefile",
            name="scan",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Not checked for viruses"),
                    ("waiting", "Being checked for viruses"),
                    ("clean", "No virus found"),
                    ("infected", "A virus was found"),
                ],
                db_default="",
                default="",
                editable=False,
                max_length=8,
                verbose_name="Virus check",
            ),
        ),
        migrations.AddField(
            model_name="casefile",
            name="virus",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=120, verbose_name="Virus"
            ),
        ),
        migrations.AddIndex(
            model_name="casefile",
            index=models.Index(condition=Q(("scan", "waiting")), fields=["id"], name="case_file_to_scan"),
        ),
        AddConstraintNotValid(
            model_name="casefile",
            constraint=models.CheckConstraint(
                condition=Q(("scan__in", ["", "waiting", "clean"]), ("virus", ""))
                | Q(("scan", "infected"), Q(("virus", ""), _negated=True)),
                name="case_file_scan_is_known",
            ),
        ),
        ValidateConstraint(model_name="casefile", name="case_file_scan_is_known"),
        migrations.RunSQL(FUNCTION, BEFORE),
    ]
