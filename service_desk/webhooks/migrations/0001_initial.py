"""Endpoints of other programs, events for them, and their deliveries."""

import django.contrib.postgres.fields
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True, verbose_name="Name")),
                ("url", models.TextField(verbose_name="Address")),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64), size=None, verbose_name="Events"
                    ),
                ),
                ("secret", models.TextField(editable=False)),
                ("previous_secret", models.TextField(blank=True, default="", editable=False)),
                ("is_active", models.BooleanField(default=True, verbose_name="Switched on")),
                (
                    "pause_reason",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("by_hand", "switched off by an administrator"),
                            ("gone", "it answered that it is gone (410)"),
                            ("failing", "three days without success"),
                        ],
                        default="",
                        verbose_name="Switched off because",
                    ),
                ),
                ("paused_at", models.DateTimeField(blank=True, null=True, verbose_name="Switched off at")),
                ("last_success_at", models.DateTimeField(blank=True, null=True, verbose_name="Last success")),
                ("failing_since", models.DateTimeField(blank=True, null=True, verbose_name="Failing since")),
                ("last_error", models.TextField(blank=True, default="", verbose_name="Last error")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Since"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Set up by",
                    ),
                ),
            ],
            options={
                "verbose_name": "Webhook endpoint",
                "verbose_name_plural": "Webhook endpoints",
                "ordering": ["name"],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(("types__len__gt", 0)), name="endpoint_wants_something"
            ),
                    models.CheckConstraint(
                condition=models.Q(("pause_reason__in", ["", "by_hand", "gone", "failing"])),
                name="endpoint_pause_is_known",
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_active", True), ("pause_reason", ""), ("paused_at", None)),
                    models.Q(
                        ("is_active", False),
                        ("paused_at__isnull", False),
                        models.Q(("pause_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="endpoint_pause_has_a_reason",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(editable=False, max_length=40, unique=True)),
                ("type", models.CharField(max_length=64, verbose_name="Event")),
                (
                    "names",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), size=None),
                ),
                ("data", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name="Data")),
                ("about", models.CharField(blank=True, max_length=80, verbose_name="About")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="When"
                    ),
                ),
                ("fanned_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "Webhook event",
                "verbose_name_plural": "Webhook events",
                "indexes": [
                    models.Index(condition=models.Q(("fanned_at", None)), fields=["id"], name="webhook_event_to_fan"),
                    models.Index(fields=["created_at"], name="webhook_event_by_time"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Post",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("type", models.CharField(max_length=64, verbose_name="Event")),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("pending", "Waiting"),
                            ("sending", "Being sent"),
                            ("sent", "Taken"),
                            ("dead", "Given up"),
                        ],
                        db_default="pending",
                        verbose_name="State",
                    ),
                ),
                ("attempts", models.IntegerField(db_default=0, verbose_name="Tries")),
                (
                    "next_try_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="Next try"),
                ),
                ("fence", models.IntegerField(db_default=0)),
                ("tries", models.JSONField(db_default=models.Value([], models.JSONField()), verbose_name="Answers")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="Taken")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Written"
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="posts",
                        to="webhooks.endpoint",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="posts",
                        to="webhooks.event",
                    ),
                ),
            ],
            options={
                "verbose_name": "Webhook delivery",
                "verbose_name_plural": "Webhook deliveries",
                'indexes': [
                    models.Index(
                condition=models.Q(("state__in", ["pending", "sending"])),
                fields=["endpoint", "next_try_at", "id"],
                name="webhook_post_open",
            ),
                    models.Index(fields=["endpoint", "-id"], name="webhook_post_by_endpoint"),
                    models.Index(
                condition=models.Q(("state", "dead")), fields=["endpoint", "-id"], name="webhook_post_dead"
            ),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=("event", "endpoint"), name="webhook_post_once"),
                    models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "sending", "sent", "dead"])),
                name="webhook_post_state_is_known",
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sent_at__isnull", False), ("state", "sent")),
                    models.Q(models.Q(("state", "sent"), _negated=True), ("sent_at", None)),
                    _connector="OR",
                ),
                name="webhook_post_sent_has_a_time",
            ),
                    models.CheckConstraint(
                condition=models.Q(("attempts__gte", 0), ("attempts__lte", 10), ("fence__gte", models.F("attempts"))),
                name="webhook_post_counts",
            ),
                ],
            },
        ),
    ]
