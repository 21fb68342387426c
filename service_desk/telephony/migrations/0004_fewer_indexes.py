"""Three indexes that others cover go, since every event of a call pays for each; calls without an end get theirs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# By hand: changing the field would drop the foreign key as well, and prove it anew for every row.
_COVERED = {
    "telephony_call_agent_id_c56ea6d7": "telephony_call (agent_id)",
    "telephony_call_integration_id_cd0f8f32": "telephony_call (integration_id)",
    "telephony_callevent_call_id_87b9ca06": "telephony_callevent (call_id)",
}


class Migration(migrations.Migration):
    """See the module's words."""

    dependencies = [
        ("telephony", "0003_by_hand"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f"DROP INDEX IF EXISTS {name}", f"CREATE INDEX IF NOT EXISTS {name} ON {of}")
                for name, of in _COVERED.items()
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="call",
                    name="agent",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Answered by",
                    ),
                ),
                migrations.AlterField(
                    model_name="call",
                    name="integration",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="telephony.integration",
                        verbose_name="Phone system",
                    ),
                ),
                migrations.AlterField(
                    model_name="callevent",
                    name="call",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="telephony.call",
                        verbose_name="Call",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(condition=models.Q(("is_stale", True)), fields=["-id"], name="call_stale"),
        ),
    ]
