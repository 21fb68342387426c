"""What the finders of violations need: late registration is one of its own (C3)."""

from django.db import migrations, models

# What was withdrawn because a fact refuted it was decided by nobody, and is suspected again when the facts say so.
DECIDED_ONCE = """
CREATE OR REPLACE FUNCTION violation_is_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'suspected' AND NOT (%(again)s)
       AND (NEW.state, NEW.decision, NEW.decided_at, NEW.decided_by_id)
            IS DISTINCT FROM (OLD.state, OLD.decision, OLD.decided_at, OLD.decided_by_id)
       OR OLD.objected_at IS NOT NULL AND (NEW.objection, NEW.objected_at)
            IS DISTINCT FROM (OLD.objection, OLD.objected_at)
       OR OLD.answered_at IS NOT NULL AND (NEW.answer, NEW.answered_at, NEW.upheld, NEW.answered_by_id)
            IS DISTINCT FROM (OLD.answer, OLD.answered_at, OLD.upheld, OLD.answered_by_id)
       OR (NEW.offence, NEW.source, NEW.person_id, NEW.chief_id, NEW.happened_at, NEW.found_at)
            IS DISTINCT FROM (OLD.offence, OLD.source, OLD.person_id, OLD.chief_id, OLD.happened_at, OLD.found_at)
    THEN
        RAISE EXCEPTION 'C4: a decision, an objection and its answer are written once'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'violation_is_decided_once', TABLE = 'quality_violation';
    END IF;
    RETURN NEW;
END $$;
"""
AGAIN = "OLD.state = 'withdrawn' AND OLD.decided_by_id IS NULL AND NEW.state = 'suspected'"


class Migration(migrations.Migration):
    """What the finders of violations need."""

    dependencies = [("quality", "0002_closed_months")]

    operations = [
        migrations.RunSQL(DECIDED_ONCE % {"again": AGAIN}, DECIDED_ONCE % {"again": "false"}),
        migrations.RemoveConstraint(model_name="violation", name="violation_offence_is_known"),
        migrations.AlterField(
            model_name="violation",
            name="offence",
            field=models.CharField(
                choices=[
                    ("missed_registration", "Missed registration"),
                    ("late_registration", "Late registration"),
                    ("substantiated_complaint", "Substantiated complaint"),
                ],
                max_length=32,
                verbose_name="Violation",
            ),
        ),
        migrations.AddConstraint(
            model_name="violation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("offence__in", ["missed_registration", "late_registration", "substantiated_complaint"])
                ),
                name="violation_offence_is_known",
            ),
        ),
    ]
