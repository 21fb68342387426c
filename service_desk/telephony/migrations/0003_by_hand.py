"""Calls that are written down by hand, and a quick look at those that nobody has claimed."""

import django.core.validators
from django.db import migrations, models
from django.db.models import Q

KINDS = ["native", "generic_cti", "freeswitch", "asterisk", "manual"]


class Migration(migrations.Migration):
    """The desk's own kind of phone system: one of it, without a door."""

    dependencies = [("telephony", "0002_calls_of_the_desk")]

    operations = [
        migrations.AlterField(
            model_name="integration",
            name="kind",
            field=models.CharField(
                choices=[
                    ("native", "Native events"),
                    ("generic_cti", "Generic CTI (as for Zammad)"),
                    ("freeswitch", "FreeSWITCH (mod_json_cdr)"),
                    ("asterisk", "Asterisk (manager interface)"),
                    ("manual", "By hand, without a phone system"),
                ],
                max_length=20,
                verbose_name="Kind",
            ),
        ),
        migrations.RemoveConstraint(model_name="integration", name="integration_kind_is_known"),
        migrations.AddConstraint(
            model_name="integration",
            constraint=models.CheckConstraint(condition=Q(kind__in=KINDS), name="integration_kind_is_known"),
        ),
        migrations.AddConstraint(
            model_name="integration",
            constraint=models.UniqueConstraint(
                condition=Q(kind="manual"), fields=("kind",), name="integration_by_hand_is_one"
            ),
        ),
        migrations.AddField(
            model_name="calllimits",
            name="hold_offer_seconds",
            field=models.FloatField(
                db_default=60.0,
                default=60.0,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="T4: seconds until a call back is offered",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                fields=["-id"],
                name="call_unclaimed",
                condition=Q(agent=None, claimed_by=None, answered_at__isnull=False),
            ),
        ),
    ]
