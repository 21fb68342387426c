"""Each entry of the trail is sealed over the one before it, in a table that is append-only as well."""

import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_audit_entry'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('place', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='place')),
                ('entry_id', models.BigIntegerField(unique=True, verbose_name='audit entry')),
                ('digest', models.BinaryField(max_length=32, verbose_name='digest')),
                ('sealed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='sealed')),
            ],
            options={
                'verbose_name': 'audit seal',
                'verbose_name_plural': 'audit seals',
                'constraints': [models.CheckConstraint(condition=models.Q(('place__gte', 1)), name='audit_seal_place_from_one')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditseal',
            trigger=pgtrigger.compiler.Trigger(name='seal_no_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='740e17c2b07cc8ddee18e0298db394570ed16a2e', operation='UPDATE OR DELETE', pgid='pgtrigger_seal_no_change_3c25d', table='audit_auditseal', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditseal',
            trigger=pgtrigger.compiler.Trigger(name='seal_no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='b77351f08f4fbdb60b3a623a4dd301c31621a5be', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_seal_no_truncate_c56a7', table='audit_auditseal', when='BEFORE')),
        ),
    ]
