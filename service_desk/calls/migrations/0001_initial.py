"""Registrations of calls, their clocks, and messages for colleagues."""

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Registrations of calls, their clocks, and messages for colleagues."""

    initial = True

    dependencies = [
        ("cases", "0010_autovacuum"),
        ("customers", "0001_initial"),
        ("deadlines", "0005_calls"),
        ("people", "0001_initial"),
        ("telephony", "0002_calls_of_the_desk"),
    ]

    operations = [
        migrations.CreateModel(
            name='CallMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_name', models.CharField(max_length=80, verbose_name='From')),
                ('from_number', models.CharField(blank=True, max_length=40, verbose_name='Number')),
                ('matter', models.TextField(max_length=2000, verbose_name='Matter')),
                ('call_back_by', models.DateTimeField(null=True, verbose_name='Call back by')),
                ('taken_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='Taken')),
                ('acknowledged_at', models.DateTimeField(editable=False, null=True, verbose_name='Acknowledged')),
                ('done_at', models.DateTimeField(editable=False, null=True, verbose_name='Called back')),
                ('outcome', models.TextField(blank=True, max_length=2000, verbose_name='What was said')),
                ('acknowledged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Acknowledged by')),
                ('call', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='telephony.call', verbose_name='Call')),
                ('customer', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer', verbose_name='Customer')),
                ('done_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Called back by')),
                ('for_whom', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to=settings.AUTH_USER_MODEL, verbose_name='For')),
                ('relayed_to', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Relayed to')),
                ('taken_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Taken by')),
            ],
            options={
                'verbose_name': 'Message for a colleague',
                'verbose_name_plural': 'Messages for colleagues',
                'ordering': ['-id'],
                'indexes': [
                    models.Index(fields=['for_whom', '-id'], name='message_for'),
                    models.Index(fields=['taken_by', '-id'], name='message_taken_by'),
                    models.Index(condition=models.Q(('call__isnull', False)), fields=['call'], name='message_of_call'),
                    models.Index(condition=models.Q(('done_at', None)), fields=['-id'], name='message_open'),
                    models.Index(condition=models.Q(('customer__isnull', False)), fields=['customer', '-id'], name='message_of_customer'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('from_name', ''), _negated=True), models.Q(('matter', ''), _negated=True)), name='message_is_whole'),
                    models.CheckConstraint(condition=models.Q(('call_back_by', None), ('call_back_by__gt', models.F('taken_at')), _connector='OR'), name='message_call_back_is_ahead'),
                    models.CheckConstraint(condition=models.Q(('call_back_by', None), models.Q(('from_number', ''), _negated=True), _connector='OR'), name='message_call_back_has_number'),
                    models.CheckConstraint(condition=models.Q(models.Q(('acknowledged_at', None), ('acknowledged_by', None)), models.Q(('acknowledged_at__isnull', False), ('acknowledged_by__isnull', False)), _connector='OR'), name='message_acknowledged_by_somebody'),
                    models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('done_by', None), ('outcome', '')), models.Q(('acknowledged_at__isnull', False), ('done_at__isnull', False), ('done_by__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='message_done_in_words'),
                ],
            },
        ),
        migrations.CreateModel(
            name='CallDeadline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('first_response', 'First response'), ('on_site', 'On site'), ('feedback', 'Feedback to the customer'), ('restoration', 'Restoration'), ('solution', 'Solution'), ('emergency', 'Emergency process'), ('hand_over', 'Acceptance of a hand-over'), ('promise', 'Promise to the customer'), ('consultation', 'Answer of the expert'), ('progress', 'Progress told to the customer'), ('escalated', 'Decision about the escalated complaint'), ('appeal', 'Decision about the appeal'), ('another', 'Another solution'), ('corrective', 'Corrective action'), ('registration', 'Registration of a call')], max_length=30, verbose_name='Clock')),
                ('cycle', models.PositiveSmallIntegerField(default=1, verbose_name='Cycle')),
                ('state', models.CharField(choices=[('running', 'Running'), ('paused', 'Paused'), ('met', 'Met'), ('breached', 'Breached'), ('cancelled', 'Cancelled'), ('merged', 'Merged'), ('error', 'Engine error')], default='running', max_length=10, verbose_name='State')),
                ('own_seconds', models.PositiveIntegerField(null=True, verbose_name='Target of its own in seconds')),
                ('armed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='Armed')),
                ('started_at', models.DateTimeField(verbose_name='Started')),
                ('due_at', models.DateTimeField(verbose_name='Due')),
                ('schedule', models.JSONField(verbose_name='Ladder in time')),
                ('step', models.SmallIntegerField(default=-1, verbose_name='Last step fired')),
                ('next_at', models.DateTimeField(null=True, verbose_name='Next step')),
                ('breached_at', models.DateTimeField(null=True, verbose_name='Breached')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='Ended')),
                ('version', models.PositiveIntegerField(default=1)),
                ('error', models.TextField(blank=True)),
                ('heard_late', models.BooleanField(default=False, verbose_name='Runs from when the desk heard of the call')),
                ('calendar_version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='deadlines.calendarversion', verbose_name='Working calendar')),
                ('call', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deadlines', to='telephony.call', verbose_name='Call')),
                ('chief', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Section chief')),
                ('owner', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Person')),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='deadlines.policy', verbose_name='Policy')),
                ('unit', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.unit', verbose_name='Unit')),
                ('message', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deadlines', to='calls.callmessage', verbose_name='Message for a colleague')),
            ],
            options={
                'verbose_name': 'Clock of a call',
                'verbose_name_plural': 'Clocks of calls',
                'abstract': False,
                'indexes': [
                    models.Index(condition=models.Q(('next_at__isnull', False), ('state', 'running')), fields=['next_at', 'id'], name='calldeadline_next'),
                    models.Index(condition=models.Q(('state__in', ('running', 'paused', 'error'))), fields=['due_at', 'id'], name='calldeadline_due'),
                    models.Index(condition=models.Q(('breached_at__isnull', False)), fields=['breached_at', 'id'], name='call_clock_breached'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'met'), _negated=True), models.Q(('breached_at', None), ('ended_at__isnull', False)), _connector='OR'), name='calldeadline_met_or_breached'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'breached'), _negated=True), models.Q(('breached_at__isnull', False), ('ended_at__isnull', False)), _connector='OR'), name='calldeadline_breached_has_time'),
                    models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state__in', ('running', 'paused', 'error'))), models.Q(models.Q(('state__in', ('running', 'paused', 'error')), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='calldeadline_open_or_ended'),
                    models.CheckConstraint(condition=models.Q(('state', 'running'), ('next_at', None), _connector='OR'), name='calldeadline_only_running_fires'),
                    models.CheckConstraint(condition=models.Q(('due_at__gte', models.F('started_at'))), name='calldeadline_due_after_start'),
                    models.UniqueConstraint(fields=('call', 'kind', 'cycle'), name='call_clock_once_per_cycle'),
                    models.UniqueConstraint(fields=('message', 'kind', 'cycle'), name='message_clock_once_per_cycle'),
                    models.UniqueConstraint(condition=models.Q(('state', 'cancelled'), _negated=True), fields=('call', 'kind'), name='call_clock_stands_once'),
                    models.UniqueConstraint(condition=models.Q(('state', 'cancelled'), _negated=True), fields=('message', 'kind'), name='message_clock_stands_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('call__isnull', False), ('kind', 'registration'), ('message', None)), models.Q(('call', None), ('kind', 'promise'), ('message__isnull', False)), _connector='OR'), name='call_clock_has_one_subject'),
                    models.CheckConstraint(condition=models.Q(('state', 'paused'), _negated=True), name='call_clock_never_pauses'),
                ],
            },
        ),
        migrations.CreateModel(
            name='CallSettlement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('settled_as', models.CharField(choices=[('case', 'Case'), ('message', 'Message for a colleague'), ('exception', 'No ticket needed')], max_length=10, verbose_name='Registered as')),
                ('reason', models.CharField(blank=True, choices=[('wrong_number', 'Wrong number'), ('internal', 'Internal call'), ('follow_up', 'Follow-up of a case'), ('no_caller', 'Nobody spoke'), ('nuisance', 'Advertising or nuisance'), ('test', 'Test call'), ('other', 'Another reason')], max_length=20, verbose_name='Reason')),
                ('words', models.CharField(blank=True, max_length=500, verbose_name='Explanation')),
                ('settled_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='Registered')),
                ('counts_at', models.DateTimeField(editable=False, verbose_name='Counts from')),
                ('undone_at', models.DateTimeField(editable=False, null=True, verbose_name='Undone')),
                ('undone_why', models.CharField(blank=True, max_length=500, verbose_name='Why it was undone')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='By')),
                ('call', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='settlements', to='telephony.call', verbose_name='Call')),
                ('carried_from', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='calls.callsettlement', verbose_name='By the call it was passed on to')),
                ('case', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='call_settlements', to='cases.case', verbose_name='Case')),
                ('message', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='settlements', to='calls.callmessage', verbose_name='Message for a colleague')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Undone by')),
            ],
            options={
                'verbose_name': 'Registration of a call',
                'verbose_name_plural': 'Registrations of calls',
                'ordering': ['id'],
                'indexes': [
                    models.Index(fields=['call', 'id'], name='settlement_of_call'),
                    models.Index(condition=models.Q(('case__isnull', False)), fields=['case', '-id'], name='settlement_of_case'),
                ],
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('undone_at', None)), fields=('call',), name='call_settled_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('case__isnull', False), ('message', None), ('reason', ''), ('settled_as', 'case')), models.Q(('case', None), ('message__isnull', False), ('reason', ''), ('settled_as', 'message')), models.Q(('case__isnull', False), ('message', None), ('reason', 'follow_up'), ('settled_as', 'exception')), models.Q(('case', None), ('message', None), ('reason__in', ['wrong_number', 'internal', 'follow_up', 'no_caller', 'nuisance', 'test', 'other']), ('settled_as', 'exception'), models.Q(('reason', 'follow_up'), _negated=True)), _connector='OR'), name='settlement_says_as_what'),
                    models.CheckConstraint(condition=models.Q(models.Q(('reason', 'other'), _negated=True), models.Q(('words', ''), _negated=True), _connector='OR'), name='settlement_other_is_explained'),
                    models.CheckConstraint(condition=models.Q(('counts_at__lte', models.F('settled_at'))), name='settlement_counts_before_it_is'),
                    models.CheckConstraint(condition=models.Q(models.Q(('undone_at', None), ('undone_by', None), ('undone_why', '')), models.Q(('undone_at__isnull', False), models.Q(('undone_why', ''), _negated=True)), _connector='OR'), name='settlement_undone_with_reason'),
                ],
            },
        ),
        migrations.CreateModel(
            name='CallClockEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(choices=[('started', 'Clock started'), ('fired', 'Step fired'), ('paused', 'Clock paused'), ('resumed', 'Clock resumed'), ('met', 'Met'), ('breached', 'Ended late'), ('cancelled', 'Clock cancelled'), ('merged', 'Clock ended by merging'), ('recomputed', 'Due time recomputed'), ('error', 'Engine error')], max_length=12, verbose_name='What happened')),
                ('code', models.CharField(blank=True, max_length=40, verbose_name='Step')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='When')),
                ('door', models.CharField(blank=True, choices=[('celery', 'Celery'), ('sentinel', 'Sentinel'), ('auditor', 'Auditor')], max_length=10, verbose_name='Door')),
                ('detail', models.JSONField(default=dict)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('deadline', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='history', to='calls.calldeadline', verbose_name='Clock')),
            ],
            options={
                'verbose_name': 'Clock event of a call',
                'verbose_name_plural': 'Clock events of calls',
                'ordering': ['at', 'id'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(condition=models.Q(('type', 'fired')), fields=('deadline', 'code'), name='callclockevent_step_once')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='callclockevent',
            trigger=pgtrigger.compiler.Trigger(name='clock_history_no_change', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='a660104eb304f91ec7e1969a679d702bce1c7327', operation='UPDATE OR DELETE', pgid='pgtrigger_clock_history_no_change_fe34e', table='calls_callclockevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='callclockevent',
            trigger=pgtrigger.compiler.Trigger(name='clock_history_no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';", hash='087bcc4b841a548753403d0e06d7da519e343a87', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_clock_history_no_truncate_aacb1', table='calls_callclockevent', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='callmessage',
            trigger=pgtrigger.compiler.Trigger(name='message_is_not_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='7df34bb9768b901ecac19ead3a251a6f41b2da44', operation='DELETE', pgid='pgtrigger_message_is_not_deleted_20fe3', table='calls_callmessage', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='callmessage',
            trigger=pgtrigger.compiler.Trigger(name='message_stays_as_taken', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."call_id" IS DISTINCT FROM (NEW."call_id") OR OLD."call_back_by" IS DISTINCT FROM (NEW."call_back_by") OR OLD."customer_id" IS DISTINCT FROM (NEW."customer_id") OR OLD."for_whom_id" IS DISTINCT FROM (NEW."for_whom_id") OR OLD."from_name" IS DISTINCT FROM (NEW."from_name") OR OLD."from_number" IS DISTINCT FROM (NEW."from_number") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."matter" IS DISTINCT FROM (NEW."matter") OR OLD."taken_at" IS DISTINCT FROM (NEW."taken_at") OR OLD."taken_by_id" IS DISTINCT FROM (NEW."taken_by_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='3bcdbfe717dc43a9c0d4667cb73b5236a8bfeeac', operation='UPDATE', pgid='pgtrigger_message_stays_as_taken_927ec', table='calls_callmessage', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='callsettlement',
            trigger=pgtrigger.compiler.Trigger(name='settlement_is_not_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='6a6c5e1c8155429b84b79c5056baffc12966ff56', operation='DELETE', pgid='pgtrigger_settlement_is_not_deleted_3346a', table='calls_callsettlement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='callsettlement',
            trigger=pgtrigger.compiler.Trigger(name='settlement_only_undone', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."by_id" IS DISTINCT FROM (NEW."by_id") OR OLD."call_id" IS DISTINCT FROM (NEW."call_id") OR OLD."carried_from_id" IS DISTINCT FROM (NEW."carried_from_id") OR OLD."case_id" IS DISTINCT FROM (NEW."case_id") OR OLD."counts_at" IS DISTINCT FROM (NEW."counts_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."message_id" IS DISTINCT FROM (NEW."message_id") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."settled_as" IS DISTINCT FROM (NEW."settled_as") OR OLD."settled_at" IS DISTINCT FROM (NEW."settled_at") OR OLD."words" IS DISTINCT FROM (NEW."words"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='d21c645c0c851a427f78181dc5c3fd65e13f71aa', operation='UPDATE', pgid='pgtrigger_settlement_only_undone_a0772', table='calls_callsettlement', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='callsettlement',
            trigger=pgtrigger.compiler.Trigger(name='settlement_undone_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."undone_at" IS NOT NULL)', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='b91ce284ace11dbdb4a37161e29a936cde971152', operation='UPDATE', pgid='pgtrigger_settlement_undone_once_e6c3e', table='calls_callsettlement', when='BEFORE')),
        ),
    ]
