"""Reopened, merged, split and linked cases (D4, D5), progress told at an interval (C12).

What must never be so (a loop, an acceptance made earlier by hand) is held by a trigger in plain SQL, as in 0002.
"""

import datetime
from typing import ClassVar

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION case_hangs_together() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
    other cases_case%ROWTYPE;
    above bigint;
BEGIN
    IF NEW.merged_into_id IS DISTINCT FROM OLD.merged_into_id THEN
        -- The survivor's row stays locked, so that two cases cannot merge into each other at the same moment.
        SELECT * INTO other FROM cases_case WHERE id = NEW.merged_into_id FOR NO KEY UPDATE;
        broken := CASE
            WHEN OLD.merged_into_id IS NOT NULL THEN 'D5: a case is merged once'
            WHEN other.id = NEW.id OR other.merged_into_id IS NOT NULL THEN 'D5: merging makes no loop'
            WHEN other.confidential <> NEW.confidential THEN 'D5: a confidential and an ordinary case do not merge'
        END;
    END IF;
    IF NEW.earliest_accepted_at IS DISTINCT FROM OLD.earliest_accepted_at AND NOT coalesce(
        NEW.earliest_accepted_at < coalesce(OLD.earliest_accepted_at, NEW.accepted_at) AND EXISTS (
            SELECT 1 FROM cases_case m WHERE m.merged_into_id = NEW.id
               AND NEW.earliest_accepted_at = least(m.accepted_at, m.earliest_accepted_at)), false)
    THEN
        broken := 'C3, D5: only a case that is merged into this one brings an earlier acceptance';
    END IF;
    IF NEW.split_from_id IS DISTINCT FROM OLD.split_from_id THEN
        SELECT * INTO other FROM cases_case WHERE id = NEW.split_from_id;
        IF TG_OP = 'UPDATE' OR other.accepted_at <> NEW.accepted_at
            OR other.first_responder_id <> NEW.first_responder_id
        THEN
            broken := 'C3, C5: what is split off keeps acceptance and first responder from its first moment';
        END IF;
    END IF;
    IF NEW.parent_id IS DISTINCT FROM OLD.parent_id THEN
        above := NEW.parent_id;
        WHILE above IS NOT NULL AND broken IS NULL LOOP
            IF above = NEW.id THEN
                broken := 'a case is not its own ancestor';
            END IF;
            SELECT parent_id INTO above FROM cases_case WHERE id = above FOR NO KEY UPDATE;
        END LOOP;
    END IF;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION '%', broken
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_hangs_together', TABLE = 'cases_case';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_hangs_together_new BEFORE INSERT ON cases_case FOR EACH ROW
    WHEN (NEW.merged_into_id IS NOT NULL OR NEW.earliest_accepted_at IS NOT NULL OR NEW.split_from_id IS NOT NULL
          OR NEW.parent_id IS NOT NULL)
    EXECUTE FUNCTION case_hangs_together();
CREATE TRIGGER case_hangs_together BEFORE UPDATE ON cases_case FOR EACH ROW
    WHEN (NEW.merged_into_id IS DISTINCT FROM OLD.merged_into_id OR NEW.parent_id IS DISTINCT FROM OLD.parent_id
          OR NEW.earliest_accepted_at IS DISTINCT FROM OLD.earliest_accepted_at
          OR NEW.split_from_id IS DISTINCT FROM OLD.split_from_id)
    EXECUTE FUNCTION case_hangs_together();
"""
BACKWARD = """
DROP TRIGGER case_hangs_together ON cases_case;
DROP TRIGGER case_hangs_together_new ON cases_case;
DROP FUNCTION case_hangs_together;
"""


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [
        ("cases", "0006_reports_files"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="CaseCycle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cycle", models.PositiveSmallIntegerField(verbose_name="Cycle")),
                ("state", models.CharField(max_length=12, verbose_name="State")),
                ("began_at", models.DateTimeField(verbose_name="Began")),
                ("restored_at", models.DateTimeField(null=True, verbose_name="Service restored")),
                ("resolved_at", models.DateTimeField(null=True, verbose_name="Case resolved")),
                ("replied_at", models.DateTimeField(null=True, verbose_name="Replied")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="Closed")),
                ("outcome", models.TextField(blank=True, verbose_name="Outcome")),
                ("reply", models.TextField(blank=True, verbose_name="Reply to the customer")),
                (
                    "reply_channel",
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
                        verbose_name="Replied by",
                    ),
                ),
                ("reopened_at", models.DateTimeField(verbose_name="Reopened")),
                ("reason", models.TextField(max_length=2000, verbose_name="Reason")),
            ],
            options={
                "verbose_name": "Earlier cycle",
                "verbose_name_plural": "Earlier cycles",
                "ordering": ["cycle"],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="case_cycle_reopened_with_reason"
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("related", "Related"), ("split", "Split off")],
                        default="related",
                        max_length=10,
                        verbose_name="Kind",
                    ),
                ),
                (
                    "made_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="When"
                    ),
                ),
            ],
            options={
                "verbose_name": "Link of cases",
                "verbose_name_plural": "Links of cases",
                "ordering": ["made_at", "id"],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(("kind__in", ["related", "split"])), name="case_link_kind_is_known"
            ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="case",
            name="case_state_is_known",
        ),
        migrations.RemoveConstraint(
            model_name="case",
            name="case_ended_has_time",
        ),
        migrations.RemoveConstraint(
            model_name="case",
            name="case_ended_owes_nothing",
        ),
        migrations.AddField(
            model_name="case",
            name="earliest_accepted_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="Earliest acceptance"),
        ),
        migrations.AddField(
            model_name="case",
            name="merged_into",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_cases",
                to="cases.case",
                verbose_name="Merged into",
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="parent",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="children",
                to="cases.case",
                verbose_name="Parent",
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="progress_seconds",
            field=models.PositiveIntegerField(editable=False, null=True, verbose_name="Progress interval in seconds"),
        ),
        migrations.AddField(
            model_name="case",
            name="reopened_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="Reopened"),
        ),
        migrations.AddField(
            model_name="case",
            name="split_from",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="split_cases",
                to="cases.case",
                verbose_name="Split off from",
            ),
        ),
        migrations.AddField(
            model_name="casedeadline",
            name="gaps",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="casedeadline",
            name="pauses_from",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RemoveIndex(model_name="case", name="case_late_newest"),
        migrations.RemoveField(model_name="case", name="late_registration"),
        migrations.AddField(
            model_name="case",
            name="late_registration",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Q(
                    django.db.models.lookups.GreaterThan(
                        django.db.models.expressions.CombinedExpression(
                            models.F("registered_at"), "-", models.F("accepted_at")
                        ),
                        models.Value(datetime.timedelta(days=1)),
                    ),
                    ("split_from", None),
                ),
                output_field=models.BooleanField(verbose_name="Registered late"),
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("late_registration", True)),
                fields=["-registered_at", "-id"],
                name="case_late_newest",
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="state",
            field=models.CharField(
                choices=[
                    ("registered", "Registered"),
                    ("in_progress", "In progress"),
                    ("waiting", "Waiting"),
                    ("restored", "Restored"),
                    ("resolved", "Resolved"),
                    ("replied", "Replied to the customer"),
                    ("closed", "Closed"),
                    ("cancelled", "Cancelled"),
                    ("merged", "Merged"),
                ],
                default="registered",
                max_length=12,
                verbose_name="State",
            ),
        ),
        migrations.AlterField(
            model_name="casedeadline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("first_response", "First response"),
                    ("on_site", "On site"),
                    ("feedback", "Feedback to the customer"),
                    ("restoration", "Restoration"),
                    ("solution", "Solution"),
                    ("emergency", "Emergency process"),
                    ("hand_over", "Acceptance of a hand-over"),
                    ("promise", "Promise to the customer"),
                    ("consultation", "Answer of the expert"),
                    ("progress", "Progress told to the customer"),
                ],
                max_length=30,
                verbose_name="Clock",
            ),
        ),
        migrations.AlterField(
            model_name="caseevent",
            name="type",
            field=models.CharField(
                choices=[
                    ("registered", "Registered"),
                    ("graded", "Severity graded"),
                    ("started", "Work started"),
                    ("arrived", "Arrived on site"),
                    ("told_once", "Told once what is needed"),
                    ("note", "Internal note"),
                    ("told", "Told the customer"),
                    ("impact", "Impact observed"),
                    ("emergency", "Emergency process started"),
                    ("waiting", "Waiting"),
                    ("resumed", "Work resumed"),
                    ("restored", "Service restored"),
                    ("resolved", "Resolved"),
                    ("replied", "Replied to the customer"),
                    ("closed", "Closed"),
                    ("cancelled", "Cancelled"),
                    ("hand_over", "Hand-over proposed"),
                    ("accepted", "Hand-over accepted"),
                    ("declined", "Hand-over declined"),
                    ("withdrawn", "Hand-over withdrawn"),
                    ("promised", "Promised to the customer"),
                    ("kept", "Promise kept"),
                    ("postponed", "Promise moved"),
                    ("asked", "Expert asked"),
                    ("answered", "Expert answered"),
                    ("reopened", "Reopened"),
                    ("merged", "Merged into another case"),
                    ("took_over", "Another case was merged into this one"),
                    ("split", "Part of it became a case of its own"),
                    ("linked", "Linked"),
                    ("unlinked", "Link taken away"),
                    ("interval", "Progress interval agreed"),
                    ("report", "Report submitted to the customer"),
                    ("file", "File added"),
                    ("file_gone", "File withdrawn"),
                ],
                max_length=12,
                verbose_name="What",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="case_merged_into"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("split_from__isnull", False)), fields=["split_from"], name="case_split_from"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(condition=models.Q(("parent__isnull", False)), fields=["parent"], name="case_parent"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "registered",
                            "in_progress",
                            "waiting",
                            "restored",
                            "resolved",
                            "replied",
                            "closed",
                            "cancelled",
                            "merged",
                        ],
                    )
                ),
                name="case_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("state__in", ("closed", "cancelled", "merged"))),
                    models.Q(
                        models.Q(("state__in", ("closed", "cancelled", "merged")), _negated=True), ("ended_at", None)
                    ),
                    _connector="OR",
                ),
                name="case_ended_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("merged_into__isnull", False), ("state", "merged")),
                    models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into", None)),
                    _connector="OR",
                ),
                name="case_merged_has_survivor",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cycle", 1), ("reopened_at", None)),
                    models.Q(("cycle__gt", 1), ("reopened_at__isnull", False)),
                    _connector="OR",
                ),
                name="case_reopened_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("closed", "cancelled", "merged")), _negated=True),
                    models.Q(("consultation_pending", False), ("hand_over_pending", False), ("open_promises", 0)),
                    _connector="OR",
                ),
                name="case_ended_owes_nothing",
            ),
        ),
        migrations.AddField(
            model_name="casecycle",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="cycles", to="cases.case", verbose_name="Case"
            ),
        ),
        migrations.AddField(
            model_name="casecycle",
            name="reopened_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Reopened by",
            ),
        ),
        migrations.AddField(
            model_name="caselink",
            name="first",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case", verbose_name="Case"
            ),
        ),
        migrations.AddField(
            model_name="caselink",
            name="made_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="By",
            ),
        ),
        migrations.AddField(
            model_name="caselink",
            name="second",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="cases.case",
                verbose_name="Other case",
            ),
        ),
        migrations.AddConstraint(
            model_name="casecycle",
            constraint=models.UniqueConstraint(fields=("case", "cycle"), name="case_cycle_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="casecycle",
            trigger=pgtrigger.compiler.Trigger(
                name="case_cycle_no_change",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",  # noqa: E501
                    hash="76b4ee3ada4831a9d60eb6d7106a956d9155b526",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_case_cycle_no_change_4e579",
                    table="cases_casecycle",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="casecycle",
            trigger=pgtrigger.compiler.Trigger(
                name="case_cycle_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",  # noqa: E501
                    hash="f329c3bb9bb7937d53aa2f2f4a6a12e117c6ada6",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_case_cycle_no_truncate_f4909",
                    table="cases_casecycle",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="caselink",
            constraint=models.UniqueConstraint(fields=("first", "second"), name="case_link_once"),
        ),
        migrations.AddConstraint(
            model_name="caselink",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lt", models.F("second"))), name="case_link_in_order"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
