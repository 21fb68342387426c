"""The candidates of a search for articles, as one function: always by the indexes, never by reading every text.

With a limit the planner believes that reading the table from its beginning finds enough soon, and does not know that
each text it looks at lies compressed elsewhere: 25 000 pages for a common word, where the index needs 1 500.
"""

from django.db import migrations

_CREATE = """
CREATE FUNCTION knowledge_article_is_of(article bigint, line text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM knowledge_article_lines l WHERE l.article_id = article AND l.serviceline_id = line)
        OR NOT EXISTS (SELECT FROM knowledge_article_lines l WHERE l.article_id = article)
$$;
CREATE FUNCTION knowledge_article_hits(
    asked tsquery, public boolean, line text, titles_only boolean, looked integer, weighed integer
) RETURNS TABLE (article_id bigint, published_at timestamptz, in_title boolean)
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    (SELECT f.article_id, f.published_at, true
     FROM (SELECT w.article_id, w.published_at FROM knowledge_articlewords w
           WHERE w.title_words @@ asked AND (w.for_customers OR NOT public)
             AND (line = '' OR knowledge_article_is_of(w.article_id, line)) LIMIT looked) AS f
     ORDER BY f.published_at DESC LIMIT weighed)
    UNION ALL
    (SELECT f.article_id, f.published_at, false
     FROM (SELECT w.article_id, w.published_at FROM knowledge_articlewords w
           WHERE NOT titles_only AND w.words @@ asked AND (w.for_customers OR NOT public)
             AND (line = '' OR knowledge_article_is_of(w.article_id, line)) LIMIT looked) AS f
     ORDER BY f.published_at DESC LIMIT weighed)
$$;
"""
_DROP = """
DROP FUNCTION knowledge_article_hits(tsquery, boolean, text, boolean, integer, integer);
DROP FUNCTION knowledge_article_is_of(bigint, text);
"""


class Migration(migrations.Migration):
    dependencies = [("knowledge", "0003_desk_language")]
    operations = [migrations.RunSQL(_CREATE, _DROP)]
