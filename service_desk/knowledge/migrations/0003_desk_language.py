"""The check at the desk: initials for quick insert, scripts of calls, transcripts."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from typing import Any

from service_desk.people.names import initials


def write_initials(apps: Any, schema_editor: Any) -> None:
    """Of the phrases that are there already."""
    versions = apps.get_model("knowledge", "PhraseVersion").objects.filter(phrase__kind="approved")
    for version in versions.only("text"):
        version.initials = initials(version.text)[:80]
        version.save(update_fields=["initials"])


class Migration(migrations.Migration):
    """The check at the desk: initials for quick insert, scripts of calls, transcripts."""

    dependencies = [
        ("knowledge", "0002_articles"),
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: list[Any] = [
        migrations.CreateModel(
            name="ScriptLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "situation",
                    models.CharField(
                        choices=[
                            ("pick_up", "Picking up"),
                            ("late_pick_up", "Picked up late"),
                            ("asking", "Asking for the matter"),
                            ("read_back", "Reading back"),
                            ("wait", "Asking to wait"),
                            ("hold", "While on hold"),
                            ("long_hold", "Waiting takes long"),
                            ("apology", "Apology"),
                            ("upset", "Caller is upset"),
                            ("unknown", "Answer not known yet"),
                            ("transfer", "Transfer"),
                            ("absent", "Person asked for is absent"),
                            ("thanks", "Thanks"),
                            ("closing", "Closing"),
                        ],
                        max_length=20,
                        verbose_name="Situation",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=1, verbose_name="Position")),
                (
                    "day_part",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("morning", "in the morning"),
                            ("afternoon", "in the afternoon"),
                            ("evening", "in the evening"),
                        ],
                        max_length=10,
                        verbose_name="Time of day",
                    ),
                ),
            ],
            options={
                "verbose_name": "Line of a call script",
                "verbose_name_plural": "Lines of call scripts",
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(
                    (
                        "situation__in",
                        [
                            "pick_up",
                            "late_pick_up",
                            "asking",
                            "read_back",
                            "wait",
                            "hold",
                            "long_hold",
                            "apology",
                            "upset",
                            "unknown",
                            "transfer",
                            "absent",
                            "thanks",
                            "closing",
                        ],
                    )
                ),
                name="script_situation_known",
            ),
                    models.CheckConstraint(
                condition=models.Q(("day_part__in", ["", "morning", "afternoon", "evening"])),
                name="script_day_part_known",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transcript",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=120, verbose_name="Title")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("running", "Being checked"), ("done", "Checked")],
                        default="waiting",
                        max_length=10,
                        verbose_name="State",
                    ),
                ),
                ("lines_count", models.PositiveIntegerField(verbose_name="Lines")),
                ("done", models.PositiveIntegerField(default=0, verbose_name="Checked")),
                ("found", models.PositiveIntegerField(default=0, verbose_name="Findings")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Since"
                    ),
                ),
                (
                    "moved_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("ended_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "Transcript",
                "verbose_name_plural": "Transcripts",
                'indexes': [
                    models.Index(
                condition=models.Q(("state__in", ["waiting", "running"])),
                fields=["moved_at"],
                name="transcript_unfinished",
            ),
                ],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True), name="transcript_has_a_title"
            ),
                    models.CheckConstraint(
                condition=models.Q(("done__lte", models.F("lines_count"))), name="transcript_done_at_most_all"
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    models.Q(("done", models.F("lines_count")), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="transcript_done_means_all",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TranscriptLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "speaker",
                    models.CharField(
                        choices=[("agent", "Agent"), ("customer", "Customer"), ("unknown", "Unknown")],
                        max_length=10,
                        verbose_name="Speaker",
                    ),
                ),
                ("text", models.TextField(verbose_name="Text")),
            ],
            options={
                "verbose_name": "Line of a transcript",
                "verbose_name_plural": "Lines of transcripts",
            },
        ),
        migrations.AddField(
            model_name="phraseversion",
            name="initials",
            field=models.CharField(blank=True, db_default="", editable=False, max_length=80),
        ),
        migrations.AddIndex(
            model_name="languagefinding",
            index=models.Index(fields=["-found_at"], name="finding_by_time"),
        ),
        migrations.AddField(
            model_name="scriptline",
            name="phrase",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="knowledge.phrase",
                verbose_name="Phrase",
            ),
        ),
        migrations.AddField(
            model_name="scriptline",
            name="service_line",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.serviceline",
                verbose_name="Service line",
            ),
        ),
        migrations.AddField(
            model_name="transcript",
            name="agent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Agent",
            ),
        ),
        migrations.AddField(
            model_name="transcript",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="By",
            ),
        ),
        migrations.AddField(
            model_name="transcriptline",
            name="transcript",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="knowledge.transcript"
            ),
        ),
        migrations.AddConstraint(
            model_name="scriptline",
            constraint=models.UniqueConstraint(
                fields=("service_line", "situation", "phrase"), name="script_says_it_once", nulls_distinct=False
            ),
        ),
        migrations.AddIndex(
            model_name="transcript",
            index=models.Index(fields=["by", "-id"], name="transcript_by_sender"),
        ),
        migrations.AddConstraint(
            model_name="transcriptline",
            constraint=models.UniqueConstraint(fields=("transcript", "number"), name="transcript_line_once"),
        ),
        migrations.RunPython(write_initials, migrations.RunPython.noop, elidable=True),
    ]
