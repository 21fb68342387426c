"""Articles beside a case, and the one it was solved with."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Articles beside a case, and the one it was solved with."""

    dependencies = [
        ("cases", "0011_complaints"),
        ("knowledge", "0002_articles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="caseevent",
            name="type",
            field=models.CharField(
                choices=[
                    ("registered", "Registered"),
                    ("graded", "Severity graded"),
                    ("started", "Work started"),
                    ("arrived", "Arrived on site"),
                    ("told_once", "Told once what is needed"),
                    ("note", "Internal note"),
                    ("told", "Told the customer"),
                    ("impact", "Impact observed"),
                    ("emergency", "Emergency process started"),
                    ("waiting", "Waiting"),
                    ("resumed", "Work resumed"),
                    ("restored", "Service restored"),
                    ("resolved", "Resolved"),
                    ("replied", "Replied to the customer"),
                    ("closed", "Closed"),
                    ("cancelled", "Cancelled"),
                    ("hand_over", "Hand-over proposed"),
                    ("accepted", "Hand-over accepted"),
                    ("declined", "Hand-over declined"),
                    ("withdrawn", "Hand-over withdrawn"),
                    ("promised", "Promised to the customer"),
                    ("kept", "Promise kept"),
                    ("postponed", "Promise moved"),
                    ("asked", "Expert asked"),
                    ("answered", "Expert answered"),
                    ("reopened", "Reopened"),
                    ("merged", "Merged into another case"),
                    ("took_over", "Another case was merged into this one"),
                    ("split", "Part of it became a case of its own"),
                    ("linked", "Linked"),
                    ("unlinked", "Link taken away"),
                    ("interval", "Progress interval agreed"),
                    ("report", "Report submitted to the customer"),
                    ("file", "File added"),
                    ("file_gone", "File withdrawn"),
                    ("article", "Article linked"),
                    ("article_gone", "Article taken away"),
                    ("clear", "Five clears"),
                    ("escalated", "Complaint taken to the next instance"),
                    ("decided", "Complaint decided"),
                    ("satisfaction", "What the complainant says to the answer"),
                    ("circle", "Circle changed"),
                    ("corrective", "Corrective action"),
                    ("concerns", "Whom the complaint concerns"),
                    ("level", "Level raised"),
                    ("identified", "Number of another body"),
                    ("suggestion", "Suggestion"),
                ],
                max_length=12,
                verbose_name="What",
            ),
        ),
        migrations.CreateModel(
            name="CaseArticle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("solved", models.BooleanField(default=False, verbose_name="Solved with it")),
                (
                    "linked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="knowledge.article",
                        verbose_name="Article",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="articles",
                        to="cases.case",
                        verbose_name="Case",
                    ),
                ),
                (
                    "linked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "Article of a case",
                "verbose_name_plural": "Articles of cases",
                'indexes': [
                    models.Index(fields=["article", "-id"], name="case_article_newest"),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=("case", "article"), name="case_article_once"),
                ],
            },
        ),
    ]
