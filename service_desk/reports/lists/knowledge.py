"""Lists of what the desk knows and how it speaks: articles, phrases, releases, findings, transcripts, call scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.cases.columns import Column
from service_desk.knowledge.articles.search import search
from service_desk.knowledge.forms.articles import ArticleFilters
from service_desk.knowledge.forms.phrases import FindingFilters, PhraseFilters
from service_desk.knowledge.models import (
    Article,
    BookRelease,
    LanguageFinding,
    PhraseVersion,
    ScriptLine,
    Transcript,
)
from service_desk.knowledge.places import seen_by
from service_desk.people.access import can, require
from service_desk.reports.exporting import Exportable, Listed, Rows
from service_desk.reports.lists.cells import columns, keyed, text

GROUP = _("Knowledge")


# --- Articles (K6): in the order of the page; with words, the most telling first ---
def _useful(article: Any) -> str:
    votes = article.useful + article.not_useful
    return f"{article.useful} / {votes}" if votes else ""


_ARTICLES = columns(
    Article,
    text("title", _("Title"), lambda article: article.published.title if article.published else article, "published"),
    "state",
    ("published__audience", pgettext_lazy("audience", "For")),
    "owner", "published_at", "review_at",
    text("useful", _("Found useful"), _useful),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Sought:
    """The articles that hold the words, page by page as they are found."""

    words: str
    line: str
    size: int = 100

    def piece(self, after: str) -> tuple[list[Any], str]:
        """The next page; its number is the cursor."""
        number = int(after or 1)
        found = search(self.words, line=self.line, number=number, size=self.size)
        more = number * self.size < found.total
        return [hit.article for hit in found.hits], str(number + 1) if more else ""

    def count(self, most: int) -> int:
        """As many as are found."""
        return min(search(self.words, line=self.line, size=1).total, most)


def _articles(user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    form = ArticleFilters(query)
    form.is_valid()
    chosen = form.chosen
    if chosen.get("q"):
        return _Sought(chosen["q"], chosen["line"].pk if "line" in chosen else "")
    found = form.narrow(Article.objects.visible_to(user))
    return keyed(Article.objects.visible_to(user).filter(pk__in=found.values("pk")).defer("published__body"), shown)


# --- The phrasebook (K1, K2) ---
_PHRASES = columns(
    PhraseVersion, "phrase__code", "text", "phrase__kind", "category", "situation", "state", "author", "created_at",
    ("approver", _("Approved by")), ("approved_at", _("Approved")), "note",
)  # fmt: skip
_RELEASES = columns(BookRelease, ("number", _("Release")), "valid_from", "entries", ("made_by", _("By")), "note")


def _phrases(_user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    rows, order = PhraseFilters(query).narrow(PhraseVersion.objects.all())
    return keyed(rows, shown, *order)


# --- Findings: the words of a text stand here only for those who may know of it (P6) ---
_FINDINGS = columns(
    LanguageFinding,
    "found_at",
    text("words", _("Words"), lambda one: one.phrase if one.place else gettext("confidential")),
    "entry", "category", "severity",
    text("place", _("Where"), lambda one: one.place.label if one.place else ""),
    "direction", "said_by", "outcome",
    text("reason", _("Reason"), lambda one: one.reason if one.place else ""),
)  # fmt: skip


def _findings(user: Any, query: QueryDict, shown: Sequence[Column]) -> Rows:
    found = LanguageFinding.objects.filter(**FindingFilters(query).chosen)
    if not can(user, "finding.view"):
        require(user, "finding.dismiss")
        found = found.filter(said_by=user.pk)
    return keyed(found, shown)


def _with_places(user: Any, findings: Sequence[Any]) -> None:
    places = seen_by(user, [one.thing for one in findings])
    for one in findings:
        one.place = places.get(one.thing)


_TRANSCRIPTS = columns(
    Transcript, "title", ("agent", _("Agent")), "state", "lines_count", "done", "found", ("by", _("By")), "created_at"
)
_SCRIPT = columns(
    ScriptLine, "situation", "position", text("words", _("Phrase"), lambda line: line.words),
    text("code", _("Code"), lambda line: line.code), "service_line", "day_part",
)  # fmt: skip


def _script(_user: Any, _query: QueryDict, _shown: Sequence[Column]) -> Rows:
    rows = ScriptLine.objects.with_words().select_related("service_line")
    return Listed(list(rows.order_by("situation", "position", "id")))


def lists() -> tuple[Exportable, ...]:
    """Of this group."""
    return (
        Exportable(
            "articles", _("Articles"), "article.export", "article-list", lambda _q: _ARTICLES, _articles,
            opens="article.view", group=GROUP,
        ),
        Exportable(
            "phrases", _("Phrasebook"), "phrase.export", "phrase-list", lambda _q: _PHRASES, _phrases,
            opens="phrase.view", group=GROUP,
        ),
        Exportable(
            "releases", _("Releases"), "phrase.export", "release-list", lambda _q: _RELEASES,
            lambda _user, _q, shown: keyed(BookRelease.objects.defer("content"), shown, "-number"),
            opens="phrase.view", group=GROUP,
        ),
        Exportable(
            "findings", _("Findings"), "finding.export", "finding-list", lambda _q: _FINDINGS, _findings,
            dress=_with_places, opens="finding.dismiss", group=GROUP,
        ),
        Exportable(
            "transcripts", _("Transcripts"), "transcript.export", "transcript-list", lambda _q: _TRANSCRIPTS,
            lambda user, _q, shown: keyed(Transcript.objects.visible_to(user), shown), opens="transcript.send",
            group=GROUP,
        ),
        Exportable(
            "scripts", _("Call scripts"), "phrase.export", "scripts", lambda _q: _SCRIPT, _script,
            opens="phrase.view", group=GROUP,
        ),
    )  # fmt: skip
