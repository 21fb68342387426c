"""A case that is a complaint, and the circle of a confidential case (P6, P7)."""

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

FORWARD = """
-- The reporting line as the organisation is now: whether a leads b somewhere up the tree of units.
CREATE FUNCTION staff_leads(a bigint, b bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH RECURSIVE up AS (
        SELECT u.id, u.parent_id, u.section_chief_id, u.department_head_id
          FROM people_staff s JOIN people_unit u ON u.id = s.unit_id WHERE s.id = b
        UNION
        SELECT u.id, u.parent_id, u.section_chief_id, u.department_head_id
          FROM people_unit u JOIN up ON u.id = up.parent_id)
    SELECT a <> b AND EXISTS (SELECT FROM up WHERE a IN (up.section_chief_id, up.department_head_id))
$$;
CREATE FUNCTION staff_in_line(a bigint, b bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT a = b OR staff_leads(a, b) OR staff_leads(b, a)
$$;

-- P6, P7: who is barred never comes into the circle, and leaves it with the barring.
CREATE FUNCTION circle_refuses_barred() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM cases_case c WHERE c.id = NEW.case_id) THEN
        RAISE EXCEPTION 'P6: there is no such case'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'circle_of_a_case', TABLE = 'cases_casecircle';
    END IF;
    IF EXISTS (SELECT FROM cases_casebarred b WHERE b.case_id = NEW.case_id AND b.staff_id = NEW.staff_id) THEN
        RAISE EXCEPTION 'P7: this person is barred from the case'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'circle_refuses_barred', TABLE = 'cases_casecircle';
    END IF;
    NEW.since := statement_timestamp();
    NEW.until := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER circle_refuses_barred BEFORE INSERT ON cases_casecircle
    FOR EACH ROW EXECUTE FUNCTION circle_refuses_barred();

CREATE FUNCTION circle_is_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.until IS NULL AND NEW.until IS NOT NULL
       AND (NEW.id, NEW.case_id, NEW.staff_id, NEW.why, NEW.reason, NEW.since)
           IS NOT DISTINCT FROM (OLD.id, OLD.case_id, OLD.staff_id, OLD.why, OLD.reason, OLD.since)
       AND NEW.by_id IS NOT DISTINCT FROM OLD.by_id THEN
        NEW.until := statement_timestamp();
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'P6: who was in a circle stays written; it only ends'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'circle_is_history', TABLE = 'cases_casecircle';
END $$;
CREATE TRIGGER circle_is_history BEFORE UPDATE OR DELETE ON cases_casecircle
    FOR EACH ROW EXECUTE FUNCTION circle_is_history();
CREATE TRIGGER circle_is_kept BEFORE TRUNCATE ON cases_casecircle
    FOR EACH STATEMENT EXECUTE FUNCTION circle_is_history();

CREATE FUNCTION barred_leaves_circle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cases_casecircle SET until = statement_timestamp()
     WHERE case_id = NEW.case_id AND staff_id = NEW.staff_id AND until IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER barred_leaves_circle AFTER INSERT ON cases_casebarred
    FOR EACH ROW EXECUTE FUNCTION barred_leaves_circle();

-- P7: nobody handles a complaint who is barred from it. Asked at the commit: both are written in one transaction.
CREATE FUNCTION complaint_handler_may_know() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM cases_casebarred b JOIN cases_case c ON c.id = b.case_id
                WHERE c.id = NEW.id AND b.staff_id = c.handler_id) THEN
        RAISE EXCEPTION 'P7: this person is barred from the complaint and cannot handle it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_handler_may_know', TABLE = 'cases_case';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complaint_handler_may_know AFTER INSERT OR UPDATE OF handler_id ON cases_case
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.kind = 'complaint')
    EXECUTE FUNCTION complaint_handler_may_know();
"""

BACKWARD = """
DROP TRIGGER complaint_handler_may_know ON cases_case;
DROP FUNCTION complaint_handler_may_know;
DROP TRIGGER barred_leaves_circle ON cases_casebarred;
DROP FUNCTION barred_leaves_circle;
DROP TRIGGER circle_is_kept ON cases_casecircle;
DROP TRIGGER circle_is_history ON cases_casecircle;
DROP FUNCTION circle_is_history;
DROP TRIGGER circle_refuses_barred ON cases_casecircle;
DROP FUNCTION circle_refuses_barred;
DROP FUNCTION staff_in_line;
DROP FUNCTION staff_leads;
"""


class Migration(migrations.Migration):
    """A case that is a complaint, and the circle of a confidential case."""

    dependencies = [
        ("cases", "0010_autovacuum"),
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseBarred",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("concerned", "it is about this person"),
                            ("line", "in the reporting line of the person it is about"),
                        ],
                        max_length=10,
                        verbose_name="Why",
                    ),
                ),
                (
                    "since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Since"
                    ),
                ),
            ],
            options={
                "verbose_name": "Barred from a case",
                "verbose_name_plural": "Barred from cases",
                "ordering": ["since", "id"],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(("why__in", ["concerned", "line"])), name="case_barred_why_is_known"
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseCircle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("received", "received it"),
                            ("handles", "handles it"),
                            ("offered", "a hand-over is offered"),
                            ("hears", "decides about it"),
                            ("ladder", "told by a clock or as superior"),
                            ("called_in", "called in by somebody of the circle"),
                        ],
                        max_length=10,
                        verbose_name="Why",
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, db_default="", default="", max_length=500, verbose_name="Reason"),
                ),
                (
                    "since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Since"
                    ),
                ),
                ("until", models.DateTimeField(editable=False, null=True, verbose_name="Until")),
            ],
            options={
                "verbose_name": "Member of the circle",
                "verbose_name_plural": "Circle",
                "ordering": ["since", "id"],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(("why__in", ["received", "handles", "offered", "hears", "ladder", "called_in"])),
                name="circle_why_is_known",
            ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="case",
            name="case_closed_with_outcome_and_reply",
        ),
        migrations.AddField(
            model_name="case",
            name="level",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=10, verbose_name="Level"
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="kind",
            field=models.CharField(
                choices=[("call", "CALL ticket"), ("complaint", "Complaint")],
                default="call",
                max_length=12,
                verbose_name="Kind",
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
                    ("escalated", "Decision about the escalated complaint"),
                    ("appeal", "Decision about the appeal"),
                    ("another", "Another solution"),
                    ("corrective", "Corrective action"),
                    ("registration", "Registration of a call"),
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
                    ("clear", "Five clears"),
                    ("escalated", "Complaint taken to the next instance"),
                    ("decided", "Complaint decided"),
                    ("satisfaction", "What the complainant says to the answer"),
                    ("circle", "Circle changed"),
                    ("corrective", "Corrective action"),
                    ("concerns", "Whom the complaint concerns"),
                    ("level", "Level raised"),
                    ("identified", "Number of another body"),
                    ("suggestion", "Suggestion"),
                ],
                max_length=12,
                verbose_name="What",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "closed"), _negated=True),
                    models.Q(
                        models.Q(("outcome", ""), _negated=True),
                        models.Q(("reply", ""), _negated=True),
                        ("replied_at__isnull", False),
                        ("resolved_at__isnull", False),
                        models.Q(("severity__isnull", False), ("kind", "complaint"), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="case_closed_with_outcome_and_reply",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "call"), ("level", "")),
                    models.Q(
                        ("confidential", True),
                        ("emergency_started_at", None),
                        ("kind", "complaint"),
                        ("severity", None),
                        ("level__in", ("ordinary", "serious", "major")),
                        models.Q(("state__in", ["cancelled", "merged"]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="case_complaint_is_confidential",
            ),
        ),
        migrations.AddField(
            model_name="casebarred",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="By",
            ),
        ),
        migrations.AddField(
            model_name="casebarred",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="barred", to="cases.case", verbose_name="Case"
            ),
        ),
        migrations.AddField(
            model_name="casebarred",
            name="staff",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Who",
            ),
        ),
        migrations.AddField(
            model_name="casecircle",
            name="by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="By",
            ),
        ),
        migrations.AddField(
            model_name="casecircle",
            name="case",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="circle",
                to="cases.case",
                verbose_name="Case",
            ),
        ),
        migrations.AddField(
            model_name="casecircle",
            name="staff",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Who",
            ),
        ),
        migrations.AddConstraint(
            model_name="casebarred",
            constraint=models.UniqueConstraint(fields=("case", "staff"), name="case_barred_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="casebarred",
            trigger=pgtrigger.compiler.Trigger(
                name="case_barred_no_change",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="256de0895cff83a40769e3601288d75034830163",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_case_barred_no_change_6f8ca",
                    table="cases_casebarred",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="casebarred",
            trigger=pgtrigger.compiler.Trigger(
                name="case_barred_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="5033309328b66bbf52e2236609b851b5862114ef",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_case_barred_no_truncate_8dbef",
                    table="cases_casebarred",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="casecircle",
            index=models.Index(fields=["case", "since"], name="circle_of_case"),
        ),
        migrations.AddIndex(
            model_name="casecircle",
            index=models.Index(condition=models.Q(("until", None)), fields=["staff", "case"], name="circle_of_person"),
        ),
        migrations.AddConstraint(
            model_name="casecircle",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until", None)), fields=("case", "staff"), name="circle_joined_once"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
