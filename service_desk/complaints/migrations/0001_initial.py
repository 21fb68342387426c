"""Complaints: a case and more (P1-P11)."""

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


FORWARD = """
-- P6: a complaint belongs to a case of its kind, which is confidential; and each such case has its complaint.
CREATE FUNCTION complaint_of_its_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM cases_case c WHERE c.id = NEW.case_id AND c.kind = 'complaint') THEN
        RAISE EXCEPTION 'P1: the case of a complaint is of that kind'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_of_its_case', TABLE = 'complaints_complaint';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complaint_of_its_case AFTER INSERT OR UPDATE OF case_id ON complaints_complaint
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION complaint_of_its_case();

CREATE FUNCTION case_has_its_complaint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM complaints_complaint k WHERE k.case_id = NEW.id)
       OR NOT EXISTS (SELECT FROM complaints_instance i WHERE i.complaint_id = NEW.id) THEN
        RAISE EXCEPTION 'P1: a case of this kind has its complaint and an instance'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_has_its_complaint', TABLE = 'cases_case';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER case_has_its_complaint AFTER INSERT ON cases_case
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.kind = 'complaint') EXECUTE FUNCTION case_has_its_complaint();

-- P2, P5: no complaint closes with one of the five clears empty or with a decision still to come.
CREATE FUNCTION complaint_closes_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(DISTINCT k.clear) FROM complaints_clear k WHERE k.complaint_id = NEW.id) < 5 THEN
        RAISE EXCEPTION 'P2: one of the five clears is empty'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_five_clears', TABLE = 'cases_case';
    END IF;
    IF EXISTS (SELECT FROM complaints_instance i WHERE i.complaint_id = NEW.id
                AND i.decided_at IS NULL AND i.passed_on_at IS NULL) THEN
        RAISE EXCEPTION 'P5: an instance has not decided yet'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'complaint_decided', TABLE = 'cases_case';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER complaint_closes_whole BEFORE UPDATE OF state ON cases_case FOR EACH ROW
    WHEN (NEW.kind = 'complaint' AND NEW.state = 'closed' AND OLD.state <> 'closed')
    EXECUTE FUNCTION complaint_closes_whole();

-- P5: what was decided or passed on stands for ever.
CREATE FUNCTION instance_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.decided_at IS NOT NULL OR OLD.passed_on_at IS NOT NULL
       OR (NEW.complaint_id, NEW.kind, NEW.opened_at, NEW.why, NEW.reason)
          IS DISTINCT FROM (OLD.complaint_id, OLD.kind, OLD.opened_at, OLD.why, OLD.reason) THEN
        RAISE EXCEPTION 'P5: an instance that has decided stands as it is'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'instance_stands', TABLE = 'complaints_instance';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER instance_stands BEFORE UPDATE ON complaints_instance
    FOR EACH ROW EXECUTE FUNCTION instance_stands();

-- P5, P7: nobody hears who is barred; an appeal nobody who decided or handled it, or reports to one who did.
CREATE FUNCTION complaint_heard_before(complaint bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT c.handler_id FROM cases_case c WHERE c.id = complaint
    UNION SELECT c.first_responder_id FROM cases_case c WHERE c.id = complaint
    UNION SELECT h.giver_id FROM cases_handover h WHERE h.case_id = complaint AND h.state = 'accepted'
    UNION SELECT h.receiver_id FROM cases_handover h WHERE h.case_id = complaint AND h.state = 'accepted'
    UNION SELECT i.owner_id FROM complaints_instance i WHERE i.complaint_id = complaint AND i.kind <> 'appeal'
$$;
CREATE FUNCTION instance_hearer_is_free() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM cases_casebarred b WHERE b.case_id = NEW.complaint_id AND b.staff_id = NEW.owner_id) THEN
        RAISE EXCEPTION 'P7: this person is barred from the complaint'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'instance_hearer_not_barred', TABLE = 'complaints_instance';
    END IF;
    IF NEW.kind = 'appeal' AND EXISTS (
        SELECT FROM complaint_heard_before(NEW.complaint_id) AS who(id)
         WHERE who.id = NEW.owner_id OR staff_leads(who.id, NEW.owner_id)) THEN
        RAISE EXCEPTION 'P5: an appeal is not heard by who decided or handled it, nor by who reports to them'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_hearer_is_free', TABLE = 'complaints_instance';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER instance_hearer_is_free BEFORE INSERT OR UPDATE OF owner_id, kind ON complaints_instance
    FOR EACH ROW EXECUTE FUNCTION instance_hearer_is_free();

CREATE FUNCTION complaint_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a complaint and what belongs to it is never deleted'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'complaint_is_kept';
END $$;
CREATE TRIGGER complaint_is_kept BEFORE DELETE OR TRUNCATE ON complaints_complaint
    FOR EACH STATEMENT EXECUTE FUNCTION complaint_is_kept();
CREATE TRIGGER instance_is_kept BEFORE DELETE OR TRUNCATE ON complaints_instance
    FOR EACH STATEMENT EXECUTE FUNCTION complaint_is_kept();
CREATE TRIGGER correctiveaction_is_kept BEFORE DELETE OR TRUNCATE ON complaints_correctiveaction
    FOR EACH STATEMENT EXECUTE FUNCTION complaint_is_kept();
CREATE TRIGGER suggestion_is_kept BEFORE DELETE OR TRUNCATE ON complaints_suggestion
    FOR EACH STATEMENT EXECUTE FUNCTION complaint_is_kept();
CREATE TRIGGER complaintnumber_is_kept BEFORE DELETE OR TRUNCATE ON complaints_complaintnumber
    FOR EACH STATEMENT EXECUTE FUNCTION complaint_is_kept();
"""

BACKWARD = """
DROP TRIGGER complaintnumber_is_kept ON complaints_complaintnumber;
DROP TRIGGER suggestion_is_kept ON complaints_suggestion;
DROP TRIGGER correctiveaction_is_kept ON complaints_correctiveaction;
DROP TRIGGER instance_is_kept ON complaints_instance;
DROP TRIGGER complaint_is_kept ON complaints_complaint;
DROP FUNCTION complaint_is_kept;
DROP TRIGGER instance_hearer_is_free ON complaints_instance;
DROP FUNCTION instance_hearer_is_free;
DROP FUNCTION complaint_heard_before;
DROP TRIGGER instance_stands ON complaints_instance;
DROP FUNCTION instance_stands;
DROP TRIGGER complaint_closes_whole ON cases_case;
DROP FUNCTION complaint_closes_whole;
DROP TRIGGER case_has_its_complaint ON cases_case;
DROP FUNCTION case_has_its_complaint;
DROP TRIGGER complaint_of_its_case ON complaints_complaint;
DROP FUNCTION complaint_of_its_case;
"""


class Migration(migrations.Migration):
    """Complaints, their parts, and what must never be false of them."""

    initial = True

    dependencies = [
        ("cases", "0011_complaints"),
        ("people", "0001_initial"),
        ("telephony", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ComplaintNumber",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("last", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "Number of the day",
                "verbose_name_plural": "Numbers of the day",
            },
        ),
        migrations.CreateModel(
            name="Complaint",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="complaint",
                        serialize=False,
                        to="cases.case",
                        verbose_name="Case",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("phone", "Phone"),
                            ("email", "E-mail"),
                            ("letter", "Letter"),
                            ("visit", "Visit"),
                            ("web", "Web form"),
                            ("wechat", "WeChat"),
                            ("sms", "SMS"),
                            ("12315", "12315 consumer hotline"),
                            ("12345", "12345 government hotline"),
                            ("other", "Another way"),
                        ],
                        max_length=10,
                        verbose_name="Came by",
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("complaint", "Complaint"),
                            ("escalated", "Escalated complaint"),
                            ("appeal", "Appeal"),
                        ],
                        default="complaint",
                        max_length=10,
                        verbose_name="Instance",
                    ),
                ),
                ("wanted", models.TextField(max_length=2000, verbose_name="What is wanted")),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="Address of the complainant")),
                ("anonymous", models.BooleanField(default=False, verbose_name="Anonymous")),
                ("anonymous_reason", models.CharField(blank=True, max_length=200, verbose_name="Why without a name")),
                ("regulator_due_at", models.DateTimeField(blank=True, null=True, verbose_name="The regulator's time")),
                ("satisfied", models.BooleanField(null=True, verbose_name="Complainant satisfied")),
                (
                    "satisfaction_said",
                    models.TextField(blank=True, max_length=2000, verbose_name="What the complainant says"),
                ),
                ("satisfaction_at", models.DateTimeField(editable=False, null=True, verbose_name="Asked")),
                (
                    "about_case",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.case",
                        verbose_name="About the case",
                    ),
                ),
                (
                    "about_product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.producttype",
                        verbose_name="About the product",
                    ),
                ),
                (
                    "about_service",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.serviceline",
                        verbose_name="About the service",
                    ),
                ),
                (
                    "about_staff",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="About the person",
                    ),
                ),
                (
                    "about_unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.unit",
                        verbose_name="About the unit",
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="telephony.call",
                        verbose_name="From the call",
                    ),
                ),
            ],
            options={
                "verbose_name": "Complaint",
                "verbose_name_plural": "Complaints",
                "ordering": ["-case_id"],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(
                    (
                        "channel__in",
                        ["phone", "email", "letter", "visit", "web", "wechat", "sms", "12315", "12345", "other"],
                    )
                ),
                name="complaint_channel_is_known",
            ),
                    models.CheckConstraint(
                condition=models.Q(("stage__in", ["complaint", "escalated", "appeal"])), name="complaint_stage_is_known"
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    ("about_case__isnull", False),
                    ("about_staff__isnull", False),
                    ("about_unit__isnull", False),
                    ("about_product__isnull", False),
                    ("about_service__isnull", False),
                    _connector="OR",
                ),
                name="complaint_is_about_something",
            ),
                    models.CheckConstraint(
                condition=models.Q(("wanted", ""), _negated=True), name="complaint_says_what_is_wanted"
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    ("anonymous", False), models.Q(("anonymous_reason", ""), _negated=True), _connector="OR"
                ),
                name="complaint_anonymous_with_reason",
            ),
                    models.CheckConstraint(
                condition=models.Q(("regulator_due_at", None), ("channel__in", ["12315", "12345"]), _connector="OR"),
                name="complaint_time_of_a_regulator",
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("satisfaction_at", None), ("satisfied", None)),
                    models.Q(("satisfaction_at__isnull", False), ("satisfied__isnull", False)),
                    _connector="OR",
                ),
                name="complaint_satisfaction_has_time",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Clear",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "clear",
                    models.CharField(
                        choices=[
                            ("listen", "Listened clearly"),
                            ("ask", "Asked clearly"),
                            ("follow", "Followed clearly"),
                            ("reply", "Replied clearly"),
                            ("record", "Recorded clearly"),
                        ],
                        max_length=8,
                        verbose_name="Which",
                    ),
                ),
                ("text", models.TextField(max_length=4000, verbose_name="What was done")),
                ("at", models.DateTimeField(verbose_name="When")),
                (
                    "written_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Written"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Who",
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clears",
                        to="complaints.complaint",
                        verbose_name="Complaint",
                    ),
                ),
            ],
            options={
                "verbose_name": "Entry of the five clears",
                "verbose_name_plural": "Five clears",
                "ordering": ["at", "id"],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(("clear__in", ["listen", "ask", "follow", "reply", "record"])),
                name="clear_is_one_of_five",
            ),
                    models.CheckConstraint(condition=models.Q(("text", ""), _negated=True), name="clear_says_what"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CorrectiveAction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=2000, verbose_name="What is to be done")),
                ("due_at", models.DateTimeField(verbose_name="Until")),
                (
                    "made_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="When"
                    ),
                ),
                ("done_at", models.DateTimeField(editable=False, null=True, verbose_name="Done")),
                ("done_text", models.TextField(blank=True, max_length=2000, verbose_name="What was done")),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrective_actions",
                        to="complaints.complaint",
                        verbose_name="Complaint",
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Done by",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="By",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "Corrective action",
                "verbose_name_plural": "Corrective actions",
                "ordering": ["id"],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="corrective_says_what"
            ),
                    models.CheckConstraint(
                condition=models.Q(("due_at__gt", models.F("made_at"))), name="corrective_due_after_made"
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at", None), ("done_by", None), ("done_text", "")),
                    models.Q(
                        ("done_at__isnull", False),
                        ("done_by__isnull", False),
                        models.Q(("done_text", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="corrective_done_is_whole",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExternalIdentifier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner", models.CharField(max_length=80, verbose_name="Owner")),
                ("type", models.CharField(max_length=40, verbose_name="Type")),
                ("value", models.CharField(max_length=80, verbose_name="Number")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="When"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="By",
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="identifiers",
                        to="complaints.complaint",
                        verbose_name="Complaint",
                    ),
                ),
            ],
            options={
                "verbose_name": "Number of another body",
                "verbose_name_plural": "Numbers of other bodies",
                "ordering": ["id"],
                'indexes': [
                    models.Index(fields=["value"], name="external_identifier_value"),
                ],
                'constraints': [
                    models.UniqueConstraint(
                fields=("complaint", "owner", "type", "value"), name="external_identifier_once"
            ),
                    models.CheckConstraint(
                condition=models.Q(models.Q(("owner", ""), _negated=True), models.Q(("value", ""), _negated=True)),
                name="external_identifier_is_whole",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Instance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("complaint", "Complaint"),
                            ("escalated", "Escalated complaint"),
                            ("appeal", "Appeal"),
                        ],
                        max_length=10,
                        verbose_name="Instance",
                    ),
                ),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("accepted", "accepted"),
                            ("timer", "the time was over"),
                            ("dissatisfied", "the complainant is not satisfied"),
                            ("supervisor", "a supervisor decided so"),
                        ],
                        max_length=12,
                        verbose_name="Because",
                    ),
                ),
                ("reason", models.TextField(blank=True, max_length=2000, verbose_name="Reason")),
                (
                    "opened_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Opened"
                    ),
                ),
                (
                    "finding",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("substantiated", "Substantiated"),
                            ("partly", "Partly substantiated"),
                            ("unfounded", "Not substantiated"),
                        ],
                        max_length=13,
                        verbose_name="Finding",
                    ),
                ),
                ("reasons", models.TextField(blank=True, max_length=4000, verbose_name="Reasons of the decision")),
                ("remedy", models.TextField(blank=True, max_length=4000, verbose_name="Remedy")),
                ("reply", models.TextField(blank=True, max_length=4000, verbose_name="Reply sent")),
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
                ("decided_at", models.DateTimeField(editable=False, null=True, verbose_name="Decided")),
                ("passed_on_at", models.DateTimeField(editable=False, null=True, verbose_name="Passed on")),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instances",
                        to="complaints.complaint",
                        verbose_name="Complaint",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Decided by",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Opened by",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Decides",
                    ),
                ),
            ],
            options={
                "verbose_name": "Instance",
                "verbose_name_plural": "Instances",
                "ordering": ["id"],
                'constraints': [
                    models.UniqueConstraint(fields=("complaint", "kind"), name="instance_once"),
                    models.UniqueConstraint(
                condition=models.Q(("decided_at", None), ("passed_on_at", None)),
                fields=("complaint",),
                name="instance_one_open",
            ),
                    models.CheckConstraint(
                condition=models.Q(("kind__in", ["complaint", "escalated", "appeal"])), name="instance_kind_is_known"
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("finding", "")),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by", models.F("owner")),
                        ("finding__in", ["substantiated", "partly", "unfounded"]),
                        ("passed_on_at", None),
                        models.Q(("reasons", ""), _negated=True),
                        models.Q(("remedy", ""), _negated=True),
                        models.Q(("reply", ""), _negated=True),
                        models.Q(("reply_channel", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="instance_decision_is_whole",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Suggestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=2000, verbose_name="Suggestion")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="When"
                    ),
                ),
                ("answer", models.TextField(blank=True, max_length=4000, verbose_name="Answer")),
                ("answered_at", models.DateTimeField(editable=False, null=True, verbose_name="Answered")),
                ("returned_at", models.DateTimeField(editable=False, null=True, verbose_name="Answer returned")),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Answered by",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="By",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suggestions",
                        to="cases.case",
                        verbose_name="Case",
                    ),
                ),
                (
                    "promise",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suggestion",
                        to="cases.promise",
                        verbose_name="Promise",
                    ),
                ),
                (
                    "returned_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Returned by",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.unit",
                        verbose_name="Sent to",
                    ),
                ),
            ],
            options={
                "verbose_name": "Suggestion",
                "verbose_name_plural": "Suggestions",
                "ordering": ["-id"],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="suggestion_says_what"
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at", None), ("answered_by", None)),
                    models.Q(
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="suggestion_answer_is_whole",
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("returned_at", None), ("returned_by", None)),
                    models.Q(
                        ("answered_at__isnull", False), ("returned_at__isnull", False), ("returned_by__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="suggestion_returned_after_answer",
            ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clear",
            trigger=pgtrigger.compiler.Trigger(
                name="clear_no_change",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="c1fab0bd13c59c2f5d9241bade23fae0168e0c19",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_clear_no_change_2cc20",
                    table="complaints_clear",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clear",
            trigger=pgtrigger.compiler.Trigger(
                name="clear_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="6a80beda29a97aebdda6ab075f4ef872f559aa4c",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_clear_no_truncate_4a73e",
                    table="complaints_clear",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="externalidentifier",
            trigger=pgtrigger.compiler.Trigger(
                name="external_identifier_no_change",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="efb0f64e90d1a96718bb67519f588128b072a794",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_external_identifier_no_change_d63e6",
                    table="complaints_externalidentifier",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="externalidentifier",
            trigger=pgtrigger.compiler.Trigger(
                name="external_identifier_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="007bfa2125d558efae1660b3deed0c15684e7414",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_external_identifier_no_truncate_93cea",
                    table="complaints_externalidentifier",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
