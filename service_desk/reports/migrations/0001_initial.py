"""Exports, and reports that are sent by themselves."""

import django.contrib.postgres.functions
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("notices", "0004_board"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportSchedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, verbose_name="Name")),
                ("report", models.CharField(max_length=40, verbose_name="Report")),
                ("by", models.CharField(blank=True, default="", max_length=40, verbose_name="Grouped by")),
                ("filters", models.JSONField(default=dict, verbose_name="Filters")),
                (
                    "every",
                    models.CharField(
                        choices=[("daily", "daily"), ("weekly", "weekly"), ("monthly", "monthly")],
                        max_length=10,
                        verbose_name="How often",
                    ),
                ),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        choices=[
                            (1, "Monday"),
                            (2, "Tuesday"),
                            (3, "Wednesday"),
                            (4, "Thursday"),
                            (5, "Friday"),
                            (6, "Saturday"),
                            (7, "Sunday"),
                        ],
                        null=True,
                        verbose_name="On",
                    ),
                ),
                ("day", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="Day of the month")),
                ("at", models.TimeField(verbose_name="At")),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("paused_at", models.DateTimeField(editable=False, null=True, verbose_name="Paused")),
                ("next_at", models.DateTimeField(editable=False, verbose_name="Next")),
                ("retry_at", models.DateTimeField(editable=False, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "trouble",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_allowed", "You may not read this report any more; it is paused."),
                            ("too_much", "The period holds too much to be summed in time."),
                            ("bad_filter", "One of its filters is not valid any more; it is paused."),
                            ("failed", "It could not be computed; tell your administrator."),
                            (
                                "no_mailbox",
                                "No e-mail went out: you have no address, or chose to get graver notices only.",
                            ),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="Last trouble",
                    ),
                ),
                ("trouble_at", models.DateTimeField(editable=False, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="report_schedules",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="For",
                    ),
                ),
            ],
            options={
                "verbose_name": "Scheduled report",
                "verbose_name_plural": "Scheduled reports",
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="SentReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("since", models.DateField(verbose_name="From")),
                ("until", models.DateField(verbose_name="Until")),
                ("by_hand", models.BooleanField(default=False, verbose_name="Asked for by hand")),
                (
                    "written_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("late_by_seconds", models.PositiveIntegerField(null=True)),
                ("size", models.BigIntegerField()),
                (
                    "notice",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="notices.notice",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sent",
                        to="reports.reportschedule",
                    ),
                ),
            ],
            options={
                "verbose_name": "Sent report",
                "verbose_name_plural": "Sent reports",
            },
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        editable=False,
                        unique=True,
                        verbose_name="Key",
                    ),
                ),
                ("what", models.TextField(verbose_name="List")),
                ("query", models.TextField(blank=True, verbose_name="Filters")),
                (
                    "format",
                    models.CharField(
                        choices=[("xlsx", "Excel workbook (.xlsx)"), ("csv", "Text with commas (.csv)")],
                        max_length=4,
                        verbose_name="File",
                    ),
                ),
                ("in_full", models.BooleanField(default=False, verbose_name="Telephone numbers in full")),
                ("reason", models.TextField(blank=True, max_length=200, verbose_name="Reason")),
                ("language", models.CharField(max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("writing", "Being written"),
                            ("ready", "Ready"),
                            ("refused", "Refused"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                            ("expired", "Expired"),
                            ("deleted", "Deleted"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="State",
                    ),
                ),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not_allowed", "You may not take this list along any more."),
                            (
                                "too_many",
                                "It has more than a million rows. Narrow the list down and take it along in parts.",
                            ),
                            ("unknown_list", "This list is not there any more."),
                            ("worker_lost", "Writing it was interrupted several times. Please ask for it again."),
                            (
                                "no_space",
                                "The disk of the desk is full. Tell your administrator, then ask for it again.",
                            ),
                        ],
                        default="",
                        max_length=20,
                        verbose_name="Why not",
                    ),
                ),
                ("rows_expected", models.PositiveIntegerField(null=True, verbose_name="Rows expected")),
                ("rows_done", models.PositiveIntegerField(default=0, verbose_name="Rows")),
                ("cursor", models.TextField(blank=True, default="", editable=False)),
                ("parts", models.JSONField(default=list, editable=False)),
                ("all_read", models.BooleanField(default=False, editable=False)),
                ("fence", models.PositiveIntegerField(default=0, editable=False)),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("lease_until", models.DateTimeField(editable=False, null=True)),
                (
                    "poked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("stored", models.TextField(blank=True, default="", editable=False)),
                ("size", models.BigIntegerField(null=True, verbose_name="Size")),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Asked for"
                    ),
                ),
                ("ended_at", models.DateTimeField(editable=False, null=True, verbose_name="Ended")),
                ("expires_at", models.DateTimeField(editable=False, null=True, verbose_name="Available until")),
                ("downloads", models.PositiveIntegerField(default=0, verbose_name="Downloads")),
                ("last_download_at", models.DateTimeField(editable=False, null=True, verbose_name="Last downloaded")),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exports",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="By",
                    ),
                ),
            ],
            options={
                "verbose_name": "Export",
                "verbose_name_plural": "Exports",
                "indexes": [
                    models.Index(fields=["by", "-id"], name="export_by_person"),
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "writing"])),
                        fields=["id"],
                        name="export_unfinished",
                    ),
                    models.Index(condition=models.Q(("state", "ready")), fields=["expires_at"], name="export_ready"),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", False)), fields=["ended_at"], name="export_ended"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["waiting", "writing", "ready", "refused", "failed", "cancelled", "expired", "deleted"],
                            )
                        ),
                        name="export_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("format__in", ["xlsx", "csv"])), name="export_format_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rows_done__lte", 1000000)), name="export_rows_are_bounded"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("in_full", False), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="export_in_full_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("state__in", ["waiting", "writing"])),
                            models.Q(
                                models.Q(("state__in", ["waiting", "writing"]), _negated=True),
                                ("ended_at__isnull", False),
                                ("lease_until", None),
                            ),
                            _connector="OR",
                        ),
                        name="export_ended_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "ready"), _negated=True),
                            models.Q(
                                ("expires_at__isnull", False),
                                ("size__isnull", False),
                                models.Q(("stored", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="export_ready_has_a_file",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["refused", "failed"]), _negated=True),
                            models.Q(("problem", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="export_says_why_not",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="reportschedule",
            index=models.Index(fields=["owner", "name"], name="schedule_by_owner"),
        ),
        migrations.AddIndex(
            model_name="reportschedule",
            index=models.Index(condition=models.Q(("paused_at", None)), fields=["next_at"], name="schedule_due"),
        ),
        migrations.AddConstraint(
            model_name="reportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("every__in", ["daily", "weekly", "monthly"])), name="schedule_every_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("name", ""), _negated=True), models.Q(("report", ""), _negated=True)),
                name="schedule_has_a_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("day", None), ("every", "daily"), ("weekday", None)),
                    models.Q(("day", None), ("every", "weekly"), ("weekday__range", (1, 7))),
                    models.Q(("day__range", (1, 31)), ("every", "monthly"), ("weekday", None)),
                    _connector="OR",
                ),
                name="schedule_day_fits",
            ),
        ),
        migrations.AddIndex(
            model_name="sentreport",
            index=models.Index(fields=["schedule", "-id"], name="sent_report_newest"),
        ),
        migrations.AddIndex(
            model_name="sentreport",
            index=models.Index(fields=["written_at"], name="sent_report_by_age"),
        ),
        migrations.AddConstraint(
            model_name="sentreport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("by_hand", False)), fields=("schedule", "since", "until"), name="sent_report_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="sentreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gte", models.F("since"))), name="sent_report_runs_forwards"
            ),
        ),
    ]
