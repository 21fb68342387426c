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
            },
        ),
        migrations.AddIndex(
            model_name="casearticle",
            index=models.Index(fields=["article", "-id"], name="case_article_newest"),
        ),
        migrations.AddConstraint(
            model_name="casearticle",
            constraint=models.UniqueConstraint(fields=("case", "article"), name="case_article_once"),
        ),
    ]
