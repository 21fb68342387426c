"""What an article is about belongs to its version, and is seen when that version is published (K6).

Before, the service lines and product types stood at the article: saving a draft changed what was in force. All versions
take over what their article says today; the two tables stay as what the version in force says, for the search.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

_COPY = """
UPDATE knowledge_articleversion v SET lines = coalesce(s.codes, '{}'), products = coalesce(s.ids, '{}')
FROM (
    SELECT article_id, codes, ids
    FROM (SELECT article_id, array_agg(serviceline_id ORDER BY serviceline_id) AS codes
          FROM knowledge_article_lines GROUP BY 1) AS l
    FULL JOIN (SELECT article_id, array_agg(producttype_id ORDER BY producttype_id) AS ids
               FROM knowledge_article_products GROUP BY 1) AS p USING (article_id)
) AS s WHERE v.article_id = s.article_id;
DELETE FROM knowledge_article_lines l USING knowledge_article a WHERE a.id = l.article_id AND a.published_id IS NULL;
DELETE FROM knowledge_article_products p USING knowledge_article a WHERE a.id = p.article_id AND a.published_id IS NULL;
"""
_KEPT = django.db.models.deletion.PROTECT


def _id() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    """Two columns, a copy, and triggers that keep it so."""

    dependencies = [
        ("knowledge", "0005_newest_articles_first"),
        ("people", "0002_second_step"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(  # the tables are there; from now on they have names of their own
            state_operations=[
                migrations.CreateModel(
                    name="ArticleLine",
                    fields=[
                        ("id", _id()),
                        ("article", models.ForeignKey(on_delete=_KEPT, related_name="+", to="knowledge.article")),
                        ("serviceline", models.ForeignKey(on_delete=_KEPT, related_name="+", to="people.serviceline")),
                    ],
                    options={
                        "verbose_name": "Service line of an article",
                        "verbose_name_plural": "Service lines of articles",
                        "db_table": "knowledge_article_lines",
                        "unique_together": {("article", "serviceline")},
                    },
                ),
                migrations.CreateModel(
                    name="ArticleProduct",
                    fields=[
                        ("id", _id()),
                        ("article", models.ForeignKey(on_delete=_KEPT, related_name="+", to="knowledge.article")),
                        ("producttype", models.ForeignKey(on_delete=_KEPT, related_name="+", to="people.producttype")),
                    ],
                    options={
                        "verbose_name": "Product type of an article",
                        "verbose_name_plural": "Product types of articles",
                        "db_table": "knowledge_article_products",
                        "unique_together": {("article", "producttype")},
                    },
                ),
                migrations.AlterField(
                    model_name="article",
                    name="lines",
                    field=models.ManyToManyField(
                        editable=False,
                        related_name="+",
                        through="knowledge.ArticleLine",
                        to="people.serviceline",
                        verbose_name="Service lines",
                    ),
                ),
                migrations.AlterField(
                    model_name="article",
                    name="products",
                    field=models.ManyToManyField(
                        editable=False,
                        related_name="+",
                        through="knowledge.ArticleProduct",
                        to="people.producttype",
                        verbose_name="Product types",
                    ),
                ),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(model_name="articleversion", name="article_version_written_once"),
        migrations.AddField(
            model_name="articleversion",
            name="lines",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=30),
                db_default=[],
                default=list,
                size=None,
                verbose_name="Service lines",
            ),
        ),
        migrations.AddField(
            model_name="articleversion",
            name="products",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                db_default=[],
                default=list,
                size=None,
                verbose_name="Product types",
            ),
        ),
        migrations.RunSQL(_COPY, migrations.RunSQL.noop),
        pgtrigger.migrations.AddTrigger(
            model_name="articleversion",
            trigger=pgtrigger.compiler.Trigger(
                name="article_version_written_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                IF OLD.state <> 'draft' AND (NEW.title, NEW.body, NEW.tags, NEW.audience, NEW.lines, NEW.products,\n                        NEW.note) IS DISTINCT FROM (OLD.title, OLD.body, OLD.tags, OLD.audience, OLD.lines,\n                        OLD.products, OLD.note)\n                    OR OLD.state IN ('published', 'replaced', 'discarded') AND (NEW.reviewer_id, NEW.answer,\n                        NEW.submitted_at, NEW.decided_at) IS DISTINCT FROM (OLD.reviewer_id, OLD.answer,\n                        OLD.submitted_at, OLD.decided_at)\n                    OR OLD.state = 'published' AND NEW.state NOT IN ('published', 'replaced')\n                    OR OLD.state IN ('replaced', 'discarded') AND NEW.state <> OLD.state\n                    OR OLD.state = 'draft' AND NEW.state = 'published'\n                    OR (NEW.article_id, NEW.number, NEW.author_id, NEW.created_at)\n                        IS DISTINCT FROM (OLD.article_id, OLD.number, OLD.author_id, OLD.created_at) THEN\n                    RAISE EXCEPTION 'K6: a version is written once and goes one way; make another'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'article_version_written_once',\n                    TABLE = 'knowledge_articleversion';\n                END IF;\n                RETURN NEW;\n                ",
                    hash="f72a56614ad900014a609990dc795494aaa5e0ed",
                    operation="UPDATE",
                    pgid="pgtrigger_article_version_written_once_0b60c",
                    table="knowledge_articleversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="article",
            trigger=pgtrigger.compiler.Trigger(
                name="article_is_about",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                IF TG_OP = 'UPDATE' THEN\n                    IF NEW.published_id IS NOT DISTINCT FROM OLD.published_id THEN\n                        RETURN NEW;\n                    END IF;\n                END IF;\n                IF NEW.published_id IS NOT NULL AND NOT EXISTS (\n                    SELECT FROM knowledge_articleversion v\n                    WHERE v.id = NEW.published_id AND v.article_id = NEW.id AND v.state = 'published'\n                ) THEN\n                    RAISE EXCEPTION 'K6: in force is a version of the article that somebody has published'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'article_is_about', TABLE = 'knowledge_article';\n                END IF;\n                DELETE FROM knowledge_article_lines WHERE article_id = NEW.id;\n                DELETE FROM knowledge_article_products WHERE article_id = NEW.id;\n                INSERT INTO knowledge_article_lines (article_id, serviceline_id)\n                    SELECT NEW.id, s.code FROM people_serviceline s\n                    JOIN knowledge_articleversion v ON s.code = ANY (v.lines) WHERE v.id = NEW.published_id;\n                INSERT INTO knowledge_article_products (article_id, producttype_id)\n                    SELECT NEW.id, p.id FROM people_producttype p\n                    JOIN knowledge_articleversion v ON p.id = ANY (v.products) WHERE v.id = NEW.published_id;\n                RETURN NEW;\n                ",
                    hash="9d3416bf926dbe021864061e10377f8d16d535b7",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_article_is_about_93221",
                    table="knowledge_article",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="articleline",
            trigger=pgtrigger.compiler.Trigger(
                name="article_line_of_version",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF pg_trigger_depth() < 2 THEN\n            RAISE EXCEPTION 'K6: what an article is about changes when another version is published'\n            USING ERRCODE = 'check_violation', CONSTRAINT = 'article_line_of_version', TABLE = 'knowledge_article_lines';\n        END IF;\n        IF TG_OP = 'DELETE' THEN\n            RETURN OLD;\n        END IF;\n        RETURN NEW;\n        ",
                    hash="a91dfc19397cdc333bca7ff97ef853e75ceb4762",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_article_line_of_version_72530",
                    table="knowledge_article_lines",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="articleproduct",
            trigger=pgtrigger.compiler.Trigger(
                name="article_product_of_version",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF pg_trigger_depth() < 2 THEN\n            RAISE EXCEPTION 'K6: what an article is about changes when another version is published'\n            USING ERRCODE = 'check_violation', CONSTRAINT = 'article_product_of_version', TABLE = 'knowledge_article_products';\n        END IF;\n        IF TG_OP = 'DELETE' THEN\n            RETURN OLD;\n        END IF;\n        RETURN NEW;\n        ",
                    hash="a957eee0e8044099e7f8a3f00f40a9a263549f7d",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_article_product_of_version_f1929",
                    table="knowledge_article_products",
                    when="BEFORE",
                ),
            ),
        ),
    ]
