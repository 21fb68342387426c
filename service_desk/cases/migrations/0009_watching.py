"""Watching a case, mentioning a colleague, templates for notes."""

from typing import ClassVar

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

_REFUSE = (
    "RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME "
    "USING ERRCODE = 'restrict_violation';"
)


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [
        ("cases", "0008_search_views"),
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="NoteTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="Name")),
                ("text", models.TextField(max_length=4000, verbose_name="Text")),
                (
                    "use",
                    models.CharField(
                        choices=[("note", "Internal note"), ("customer", "Words to the customer")],
                        default="note",
                        max_length=8,
                        verbose_name="For",
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("own", "only me"),
                            ("unit", "a unit"),
                            ("line", "a service line"),
                            ("all", "everybody"),
                        ],
                        default="own",
                        max_length=4,
                        verbose_name="Who may use it",
                    ),
                ),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Changed"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="note_templates",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Owner",
                    ),
                ),
                (
                    "service_line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.serviceline",
                        verbose_name="Service line",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.unit",
                        verbose_name="Unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "Template",
                "verbose_name_plural": "Templates",
                "ordering": ["name", "id"],
                'constraints': [
                    models.UniqueConstraint(fields=("owner", "name"), name="note_template_name_once"),
                    models.CheckConstraint(
                condition=models.Q(models.Q(("name", ""), _negated=True), models.Q(("text", ""), _negated=True)),
                name="note_template_says_something",
            ),
                    models.CheckConstraint(
                condition=models.Q(("use__in", ["note", "customer"])), name="note_template_use_is_known"
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("scope__in", ["own", "all"]), ("service_line", None), ("unit", None)),
                    models.Q(("scope", "unit"), ("service_line", None), ("unit__isnull", False)),
                    models.Q(("scope", "line"), ("service_line__isnull", False), ("unit", None)),
                    _connector="OR",
                ),
                name="note_template_scope_names_whose",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseWatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Since"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[("own", "of their own accord"), ("mentioned", "mentioned in a note")],
                        default="own",
                        max_length=10,
                        verbose_name="Reason",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="watches",
                        to="cases.case",
                        verbose_name="Case",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="watches",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Who",
                    ),
                ),
            ],
            options={
                "verbose_name": "Watch",
                "verbose_name_plural": "Watches",
                "ordering": ["since", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("case", "staff"), name="case_watched_once"),
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", ["own", "mentioned"])), name="case_watch_reason_is_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Mention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("words", models.CharField(max_length=82, verbose_name="As written")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentions",
                        to="cases.caseevent",
                        verbose_name="Timeline entry",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Who",
                    ),
                ),
            ],
            options={
                "verbose_name": "Mention",
                "verbose_name_plural": "Mentions",
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("event", "staff"), name="mention_once")],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mention",
            trigger=pgtrigger.compiler.Trigger(
                name="mention_no_change",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func=_REFUSE,
                    hash="cf53277aeda06caa29981b4dfa3da078c36d6a35",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_mention_no_change_ae665",
                    table="cases_mention",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mention",
            trigger=pgtrigger.compiler.Trigger(
                name="mention_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func=_REFUSE,
                    hash="6e5e38edc5384132a05056b76c4faf4c5633f942",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_mention_no_truncate_96283",
                    table="cases_mention",
                    when="BEFORE",
                ),
            ),
        ),
    ]
