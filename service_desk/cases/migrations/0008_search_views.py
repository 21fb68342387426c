"""Words inside a sentence are found through an index; saved views of the list."""

from typing import ClassVar

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

#: Chinese, Japanese and Korean characters; then words of other scripts and figures. The same for text and question.
_PIECES = (
    r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+)"
    r"|([a-z\u00c0-\u02af\u0370-\u167f]+|[0-9]+)"
)

FORWARD = f"""
-- The pieces of a text with their places: each Chinese character with the one after it, other words and figures whole.
-- What is longer than places of a tsvector reach is still found, but no longer as one phrase.
CREATE FUNCTION case_words(said text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found tsvector;
BEGIN
    SELECT string_agg(t.c || coalesce(t.d, '') || ':' || least(t.place, 16383), ' ')::tsvector INTO found FROM (
        SELECT p.c, p.d, row_number() OVER (ORDER BY r.n, p.i) AS place
        FROM regexp_matches(lower(normalize(left(said, 16000), NFKC)), '{_PIECES}', 'g') WITH ORDINALITY AS r(m, n)
        CROSS JOIN LATERAL string_to_array(r.m[1], NULL) AS a
        CROSS JOIN LATERAL unnest(coalesce(a, ARRAY[left(r.m[2], 24)]), a[2:]) WITH ORDINALITY AS p(c, d, i)
    ) AS t;
    RETURN coalesce(found, ''::tsvector);
END $$;

-- What a text must hold to contain every word of the question; NULL when nothing of it can be looked for.
CREATE FUNCTION case_question(asked text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    word text;
    phrase tsquery;
    whole tsquery;
BEGIN
    FOREACH word IN ARRAY regexp_split_to_array(lower(normalize(left(asked, 400), NFKC)), '\\s+') LOOP
        SELECT string_agg(t.piece || CASE WHEN t.open THEN ':*' ELSE '' END, ' <-> ' ORDER BY t.place)::tsquery
        INTO phrase FROM (
            SELECT p.c || coalesce(p.d, '') AS piece, row_number() OVER w AS place,
                -- the end of the word may go on in the text: one character, or the beginning of a word or figure
                row_number() OVER w = count(*) OVER () AND p.d IS NULL AS open,
                -- the last of several Chinese characters stands in the pair before it already
                row_number() OVER w = count(*) OVER () AND p.d IS NULL AND p.i > 1 AS said
            FROM regexp_matches(word, '{_PIECES}', 'g') WITH ORDINALITY AS r(m, n)
            CROSS JOIN LATERAL string_to_array(r.m[1], NULL) AS a
            CROSS JOIN LATERAL unnest(coalesce(a, ARRAY[left(r.m[2], 24)]), a[2:]) WITH ORDINALITY AS p(c, d, i)
            WINDOW w AS (ORDER BY r.n, p.i)
        ) AS t WHERE NOT t.said;
        IF phrase IS NOT NULL THEN
            whole := CASE WHEN whole IS NULL THEN phrase ELSE whole && phrase END;
        END IF;
    END LOOP;
    RETURN whole;
END $$;

CREATE FUNCTION case_text(c cases_case) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN concat_ws(' ', c.subject, c.caller_name, left(c.description, 8000),
        CASE WHEN c.request_values <> '{{}}' THEN
            (SELECT string_agg(value, ' ') FROM jsonb_each_text(c.request_values)) END,
        left(c.outcome, 3500), left(c.reply, 3500));
END $$;

CREATE FUNCTION case_is_found() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO cases_casewords (case_id, words) VALUES (NEW.id, case_words(case_text(NEW)))
    ON CONFLICT (case_id) DO UPDATE SET words = EXCLUDED.words;
    RETURN NULL;
END $$;
CREATE TRIGGER case_is_found AFTER INSERT ON cases_case FOR EACH ROW EXECUTE FUNCTION case_is_found();

-- What is added later is added to the words: earlier wordings have been said too. The bound keeps a row far below
-- the megabyte that a tsvector may have.
CREATE FUNCTION case_says_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cases_casewords SET words = words || case_words(concat_ws(' ',
        CASE WHEN NEW.caller_name <> OLD.caller_name THEN NEW.caller_name END,
        CASE WHEN NEW.description <> OLD.description THEN NEW.description END,
        CASE WHEN NEW.request_values <> OLD.request_values THEN NEW.request_values::text END,
        CASE WHEN NEW.outcome <> OLD.outcome THEN NEW.outcome END,
        CASE WHEN NEW.reply <> OLD.reply THEN NEW.reply END))
    WHERE case_id = NEW.id AND length(words) < 12000;
    RETURN NULL;
END $$;
CREATE TRIGGER case_says_more AFTER UPDATE ON cases_case FOR EACH ROW
    WHEN ((NEW.caller_name, NEW.description, NEW.outcome, NEW.reply, NEW.request_values)
        IS DISTINCT FROM (OLD.caller_name, OLD.description, OLD.outcome, OLD.reply, OLD.request_values))
    EXECUTE FUNCTION case_says_more();

CREATE FUNCTION case_note_is_found() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cases_casewords SET words = words || case_words(NEW.text)
    WHERE case_id = NEW.case_id AND length(words) < 12000;
    RETURN NULL;
END $$;
CREATE TRIGGER case_note_is_found AFTER INSERT ON cases_caseevent FOR EACH ROW
    WHEN (NEW.text <> '' AND NEW.type IN ('note', 'told', 'waiting', 'restored'))
    EXECUTE FUNCTION case_note_is_found();

INSERT INTO cases_casewords (case_id, words)
SELECT c.id, case_words(concat_ws(' ', case_text(c), (
    SELECT string_agg(e.text, ' ') FROM cases_caseevent e
    WHERE e.case_id = c.id AND e.type IN ('note', 'told', 'waiting', 'restored'))))
FROM cases_case c;

-- A search knows how common each of ten thousand pieces is.
ALTER TABLE cases_casewords ALTER COLUMN words SET STATISTICS 1000;
"""  # noqa: S608 - put together from constants

BACKWARD = """
DROP TRIGGER case_note_is_found ON cases_caseevent;
DROP FUNCTION case_note_is_found;
DROP TRIGGER case_says_more ON cases_case;
DROP FUNCTION case_says_more;
DROP TRIGGER case_is_found ON cases_case;
DROP FUNCTION case_is_found;
DROP FUNCTION case_text;
DROP FUNCTION case_question;
DROP FUNCTION case_words;
"""


class Migration(migrations.Migration):
    """The index is made once the words are in the table."""

    dependencies: ClassVar = [
        ("cases", "0007_reopen_merge"),
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="CaseWords",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="words",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={"verbose_name": "Words of a case", "verbose_name_plural": "Words of cases",
                'indexes': [
                    django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=["words"], name="case_words_found"),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, verbose_name="Name")),
                ("query", models.CharField(blank=True, max_length=2000)),
                (
                    "sharing",
                    models.CharField(
                        choices=[("own", "only me"), ("unit", "my unit"), ("all", "everybody")],
                        default="own",
                        max_length=4,
                        verbose_name="Shown to",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("deleted_at", models.DateTimeField(editable=False, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Owner",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.unit",
                        verbose_name="Unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "Saved view",
                "verbose_name_plural": "Saved views",
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at", None)), fields=("owner", "name"), name="view_name_once"
                    ),
                    models.CheckConstraint(condition=models.Q(("name", ""), _negated=True), name="view_has_name"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sharing", "unit"), ("unit__isnull", False)),
                            models.Q(("sharing__in", ["own", "all"]), ("unit", None)),
                            _connector="OR",
                        ),
                        name="view_shared_with_a_unit",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DefaultView",
            fields=[
                (
                    "staff",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="default_view",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "view",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.savedview"
                    ),
                ),
            ],
            options={"verbose_name": "Default view", "verbose_name_plural": "Default views"},
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["service_line", "-registered_at", "-id"], name="case_line_newest"),
        ),
        migrations.AddIndex(
            model_name="case", index=models.Index(fields=["-accepted_at", "-id"], name="case_accepted")
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("waiting_for", ""), _negated=True),
                fields=["waiting_for", "-registered_at", "-id"],
                name="case_waiting_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("next_promise_at__isnull", False)),
                fields=["-registered_at", "-id"],
                name="case_promised_newest",
            ),
        ),
    ]
