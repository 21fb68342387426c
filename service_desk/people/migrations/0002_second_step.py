"""The second step of the log-in: keys, codes on paper, and the roles that must have it."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='SecondStep',
            fields=[
                ('staff', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='second_step', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='Member of staff')),
                ('secret', models.TextField(editable=False)),
                ('confirmed_at', models.DateTimeField(editable=False, null=True, verbose_name='In force since')),
                ('last_step', models.BigIntegerField(db_default=0, default=0, editable=False)),
                ('failures', models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
                ('locked_until', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'Second step',
                'verbose_name_plural': 'Second steps',
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('used_at', models.DateTimeField(editable=False, null=True, verbose_name='Used')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recovery_codes', to=settings.AUTH_USER_MODEL, verbose_name='Member of staff')),
            ],
            options={
                'verbose_name': 'Recovery code',
                'verbose_name_plural': 'Recovery codes',
                'constraints': [models.UniqueConstraint(fields=('staff', 'digest'), name='recovery_code_once')],
            },
        ),
        migrations.CreateModel(
            name='SecondStepRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('front_desk', 'Front desk'), ('field_engineer', 'Field engineer'), ('product_expert', 'Product expert'), ('supervisor', 'Supervisor'), ('department_head', 'Department head'), ('gm_marketing', 'General manager of marketing'), ('gm_product', 'General manager of the product division'), ('quality_inspector', 'Quality inspector'), ('administrator', 'Administrator'), ('auditor', 'Auditor')], max_length=30), blank=True, default=list, size=None, verbose_name='Roles')),
                ('since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='Since')),
                ('by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='Set by')),
            ],
            options={
                'verbose_name': 'Rule of the second step',
                'verbose_name_plural': 'Rules of the second step',
                'get_latest_by': 'pk',
                'constraints': [models.CheckConstraint(condition=models.Q(('roles__contained_by', ['front_desk', 'field_engineer', 'product_expert', 'supervisor', 'department_head', 'gm_marketing', 'gm_product', 'quality_inspector', 'administrator', 'auditor'])), name='second_step_roles_are_known')],
            },
        ),
    ]
