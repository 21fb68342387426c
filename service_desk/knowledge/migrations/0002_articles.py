"""Articles, their versions, and the words they are found by."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Articles, their versions, and the words they are found by."""

    dependencies = [
        ("knowledge", "0001_phrasebook"),
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Article",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "Not yet published"),
                            ("published", "Published"),
                            ("expired", "Review overdue"),
                            ("retired", "Retired"),
                        ],
                        default="new",
                        max_length=10,
                        verbose_name="State",
                    ),
                ),
                ("review_at", models.DateTimeField(null=True, verbose_name="To be reviewed by")),
                ("reminded_at", models.DateTimeField(editable=False, null=True)),
                ("expired_at", models.DateTimeField(editable=False, null=True)),
                ("retired_at", models.DateTimeField(editable=False, null=True)),
                ("published_at", models.DateTimeField(editable=False, null=True, verbose_name="Published")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("useful", models.PositiveIntegerField(db_default=0, editable=False)),
                ("not_useful", models.PositiveIntegerField(db_default=0, editable=False)),
                ("revision", models.PositiveIntegerField(db_default=1, editable=False)),
                (
                    "lines",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Empty: all of them.",
                        related_name="+",
                        to="people.serviceline",
                        verbose_name="Service lines",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Owner",
                    ),
                ),
                (
                    "products",
                    models.ManyToManyField(
                        blank=True, related_name="+", to="people.producttype", verbose_name="Product types"
                    ),
                ),
            ],
            options={
                "verbose_name": "Article",
                "verbose_name_plural": "Articles",
                'indexes': [
                    models.Index(fields=["state", "-published_at", "-id"], name="article_by_state"),
                    models.Index(condition=models.Q(("state", "new")), fields=["-id"], name="article_new"),
                ],
                'constraints': [
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("retired_at__isnull", False), ("state", "retired")),
                    models.Q(models.Q(("state", "retired"), _negated=True), ("retired_at", None)),
                    _connector="OR",
                ),
                name="article_retired_at_some_time",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ArticleVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="Version")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("in_review", "In review"),
                            ("published", "Published"),
                            ("replaced", "Replaced"),
                            ("discarded", "Thrown away"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="State",
                    ),
                ),
                ("title", models.CharField(max_length=120, verbose_name="Title")),
                ("body", models.TextField(verbose_name="Text")),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), default=list, size=None, verbose_name="Tags"
                    ),
                ),
                (
                    "audience",
                    models.CharField(
                        choices=[("staff", "Staff only"), ("customers", "Customers and staff")],
                        default="staff",
                        max_length=10,
                        verbose_name="For",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="What changed")),
                ("answer", models.CharField(blank=True, max_length=200, verbose_name="Answer")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("submitted_at", models.DateTimeField(editable=False, null=True)),
                ("decided_at", models.DateTimeField(editable=False, null=True)),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="knowledge.article"
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Author",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Reviewed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "Version of an article",
                "verbose_name_plural": "Versions of articles",
                'indexes': [
                    models.Index(
                condition=models.Q(("state__in", frozenset(["draft", "in_review"]))),
                fields=["-id"],
                name="article_version_open",
            ),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=("article", "number"), name="article_version_number_once"),
                    models.UniqueConstraint(
                condition=models.Q(("state", "published")), fields=("article",), name="article_one_version_in_force"
            ),
                    models.UniqueConstraint(
                condition=models.Q(("state__in", frozenset(["draft", "in_review"]))),
                fields=("article",),
                name="article_one_open_version",
            ),
                    models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "in_review", "published", "replaced", "discarded"])),
                name="article_version_state_known",
            ),
                    models.CheckConstraint(
                condition=models.Q(("audience__in", ["staff", "customers"])), name="article_audience_known"
            ),
                    models.CheckConstraint(
                condition=models.Q(models.Q(("title", ""), _negated=True), models.Q(("body", ""), _negated=True)),
                name="article_says_something",
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    ("reviewer", None), models.Q(("reviewer", models.F("author")), _negated=True), _connector="OR"
                ),
                name="article_reviewer_is_not_author",
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["published", "replaced"]), _negated=True),
                    models.Q(("decided_at__isnull", False), ("reviewer__isnull", False)),
                    _connector="OR",
                ),
                name="article_published_by_a_reviewer",
            ),
                ],
            },
        ),
        migrations.AddField(
            model_name="article",
            name="published",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="knowledge.articleversion",
            ),
        ),
        migrations.CreateModel(
            name="ArticleVote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("visitor", models.CharField(blank=True, max_length=40)),
                ("useful", models.BooleanField()),
                ("comment", models.CharField(blank=True, max_length=200, verbose_name="What is missing?")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="votes", to="knowledge.article"
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "Answer to 'was this useful'",
                "verbose_name_plural": "Answers to 'was this useful'",
                'indexes': [
                    models.Index(fields=["article", "-id"], name="article_vote_newest"),
                ],
                'constraints': [
                    models.UniqueConstraint(
                condition=models.Q(("staff__isnull", False)),
                fields=("article", "staff"),
                name="article_vote_once_a_person",
            ),
                    models.UniqueConstraint(
                condition=models.Q(("visitor", ""), _negated=True),
                fields=("article", "visitor"),
                name="article_vote_once_a_visitor",
            ),
                    models.CheckConstraint(
                condition=models.Q(
                    models.Q(("staff__isnull", False), ("visitor", "")),
                    models.Q(("staff", None), models.Q(("visitor", ""), _negated=True)),
                    _connector="OR",
                ),
                name="article_vote_is_somebodys",
            ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SynonymList",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False, verbose_name="Number")),
                ("groups", models.JSONField(verbose_name="Groups")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="Note")),
                (
                    "made_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="Since"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="By",
                    ),
                ),
            ],
            options={
                "verbose_name": "Synonyms",
                "verbose_name_plural": "Synonyms",
                'constraints': [
                    models.CheckConstraint(condition=models.Q(("number__gt", 0)), name="synonyms_number_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ArticleWords",
            fields=[
                (
                    "article",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="words",
                        serialize=False,
                        to="knowledge.article",
                    ),
                ),
                ("title_words", django.contrib.postgres.search.SearchVectorField()),
                ("words", django.contrib.postgres.search.SearchVectorField()),
                ("for_customers", models.BooleanField()),
                ("published_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "Words of an article",
                "verbose_name_plural": "Words of articles",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["title_words"], name="article_title_found"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["words"], name="article_words_found"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ArticlePicture",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120, verbose_name="Name")),
                ("content_type", models.CharField(max_length=20)),
                ("content", models.BinaryField()),
                ("size", models.PositiveIntegerField()),
                ("sent_sha256", models.CharField(max_length=64)),
                (
                    "uploaded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pictures", to="knowledge.article"
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "Picture of an article",
                "verbose_name_plural": "Pictures of articles",
                "ordering": ["uploaded_at", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("article", "sent_sha256"), name="article_picture_once"),
                    models.CheckConstraint(
                        condition=models.Q(("content_type__in", ["image/png", "image/jpeg", "image/webp"])),
                        name="article_picture_kind",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="articlepicture",
            trigger=pgtrigger.compiler.Trigger(
                name="article_picture_no_change",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="4010fda7cd884ef7a859de276fa7aa4b59a47c2c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_article_picture_no_change_17eb3",
                    table="knowledge_articlepicture",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="articlepicture",
            trigger=pgtrigger.compiler.Trigger(
                name="article_picture_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="7edf076f72be8debd602ee784dcc820ac8fdba30",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_article_picture_no_truncate_bf01a",
                    table="knowledge_articlepicture",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="articleversion",
            trigger=pgtrigger.compiler.Trigger(
                name="article_version_written_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                IF OLD.state <> 'draft' AND (NEW.title, NEW.body, NEW.tags, NEW.audience, NEW.note)\n                        IS DISTINCT FROM (OLD.title, OLD.body, OLD.tags, OLD.audience, OLD.note)\n                    OR OLD.state IN ('published', 'replaced', 'discarded') AND NEW.state IN ('draft', 'in_review')\n                    OR OLD.state IN ('replaced', 'discarded') AND NEW.state <> OLD.state\n                    OR OLD.state = 'draft' AND NEW.state = 'published'\n                    OR (NEW.article_id, NEW.number, NEW.author_id, NEW.created_at)\n                        IS DISTINCT FROM (OLD.article_id, OLD.number, OLD.author_id, OLD.created_at) THEN\n                    RAISE EXCEPTION 'K6: a version is written once and goes one way; make another'\n                    USING ERRCODE = 'check_violation', CONSTRAINT = 'article_version_written_once',\n                    TABLE = 'knowledge_articleversion';\n                END IF;\n                RETURN NEW;\n                ",
                    hash="1666d2f7fbb59d8c83bac9182c4339ebc09b3861",
                    operation="UPDATE",
                    pgid="pgtrigger_article_version_written_once_0b60c",
                    table="knowledge_articleversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="articleversion",
            trigger=pgtrigger.compiler.Trigger(
                name="article_version_is_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="665730fabeb4a54b0ce228c3910b7d7fca0ba123",
                    operation="DELETE",
                    pgid="pgtrigger_article_version_is_kept_05425",
                    table="knowledge_articleversion",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                condition=models.Q(("state__in", frozenset(["expired", "published"]))),
                fields=["review_at"],
                name="article_to_review",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["new", "published", "expired", "retired"])),
                name="article_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", frozenset(["expired", "published"])), _negated=True),
                    models.Q(
                        ("published__isnull", False), ("published_at__isnull", False), ("review_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="article_shown_has_version_and_review",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="article",
            trigger=pgtrigger.compiler.Trigger(
                name="article_is_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="d2f976294cc72ef17cd623b75a54ff68de4d6f14",
                    operation="DELETE",
                    pgid="pgtrigger_article_is_kept_2ab8b",
                    table="knowledge_article",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="synonymlist",
            trigger=pgtrigger.compiler.Trigger(
                name="synonymlist_no_change",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="5a40654c0e0f76f0318b58ca8421042d2d3b2971",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_synonymlist_no_change_e1bb4",
                    table="knowledge_synonymlist",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="synonymlist",
            trigger=pgtrigger.compiler.Trigger(
                name="synonymlist_no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This history is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';",
                    hash="05127749223699bba267ed7c77a0615553964460",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_synonymlist_no_truncate_7c710",
                    table="knowledge_synonymlist",
                    when="BEFORE",
                ),
            ),
        ),
    ]
