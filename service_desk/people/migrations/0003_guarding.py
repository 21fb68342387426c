"""Looks at numbers in full are counted, and the rule for them and for passwords is data."""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# Whoever changes a password by whatever door: its age begins anew. A rehash by a newer hasher counts as well, since
# only the right password lets it happen.
FORWARD = """
CREATE FUNCTION staff_password_set() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.password_set_at := statement_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER staff_password_set BEFORE UPDATE OF password ON people_staff FOR EACH ROW
    WHEN (NEW.password IS DISTINCT FROM OLD.password) EXECUTE FUNCTION staff_password_set();
"""
BACKWARD = """
DROP TRIGGER staff_password_set ON people_staff;
DROP FUNCTION staff_password_set;
"""


class Migration(migrations.Migration):
    """The trigger in plain SQL, like those of the cases."""

    dependencies: ClassVar = [("people", "0002_second_step")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="staff",
            name="password_set_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                editable=False,
                null=True,
                verbose_name="Password since",
            ),
        ),
        migrations.CreateModel(
            name="GuardRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "alarm_after",
                    models.PositiveIntegerField(
                        default=30,
                        help_text="Telephone numbers that one person has shown in full on one day.",
                        verbose_name="Numbers a day after which somebody is told",
                    ),
                ),
                (
                    "stop_after",
                    models.PositiveIntegerField(
                        default=200,
                        help_text="0: never.",
                        verbose_name="Numbers a day after which no more are shown",
                    ),
                ),
                (
                    "password_days",
                    models.PositiveIntegerField(
                        default=0,
                        help_text=("0: never (OWASP ASVS 6.2.10). China's MLPS level 3 asks for a regular change."),
                        verbose_name="Days after which a password must be changed",
                    ),
                ),
                (
                    "password_kinds",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Of capital letters, small letters, figures and others: at least so many. 0: any.",
                        verbose_name="Kinds of characters in a password",
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
                (
                    "officer",
                    models.ForeignKey(
                        blank=True,
                        help_text=(
                            "Told beside the administrators; decides on requests of customers about their data."
                        ),
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Privacy officer",
                    ),
                ),
            ],
            options={
                "verbose_name": "Rule of what is guarded",
                "verbose_name_plural": "Rules of what is guarded",
                "get_latest_by": "pk",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("alarm_after__gte", 1)), name="guard_alarm_after_one"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stop_after", 0), ("stop_after__gte", models.F("alarm_after")), _connector="OR"
                        ),
                        name="guard_told_before_stopped",
                        violation_error_message=(
                            "Not below the number at which somebody is told, so that they hear of it before."
                        ),
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("password_kinds__lte", 4)), name="guard_kinds_at_most_four"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("password_days__lte", 3650)), name="guard_days_are_sensible"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RevealCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="Day")),
                ("shown", models.PositiveIntegerField(verbose_name="Numbers shown in full")),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Member of staff",
                    ),
                ),
            ],
            options={
                "verbose_name": "Numbers shown in full",
                "verbose_name_plural": "Numbers shown in full",
                "constraints": [models.UniqueConstraint(fields=("staff", "day"), name="reveals_once_a_day")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
