"""The life of an article and of its versions, what each may hold, and when somebody must look at it again (K6)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy

LONGEST_TITLE, LONGEST_BODY, LONGEST_NOTE = 120, 60_000, 200
MOST_TAGS, LONGEST_TAG = 12, 30
MOST_PICTURES = 30
#: Before its review date the owner is told this early, so that nobody finds the article gone.
REMINDED_BEFORE = timedelta(days=14)
#: The longest time for which an article may be believed without somebody looking at it.
LONGEST_REVIEW = timedelta(days=3 * 365)


class Audience(TextChoices):
    """Who reads an article."""

    STAFF = "staff", pgettext_lazy("audience", "Staff only")
    CUSTOMERS = "customers", pgettext_lazy("audience", "Customers and staff")


class VersionState(TextChoices):
    """The life of a version: written by one, reviewed by another, in force, replaced; or thrown away."""

    DRAFT = "draft", pgettext_lazy("article", "Draft")
    IN_REVIEW = "in_review", pgettext_lazy("article", "In review")
    PUBLISHED = "published", pgettext_lazy("article", "Published")
    REPLACED = "replaced", pgettext_lazy("article", "Replaced")
    DISCARDED = "discarded", pgettext_lazy("article", "Thrown away")


class ArticleState(TextChoices):
    """The life of an article: not yet published, published, past its review date, retired."""

    NEW = "new", pgettext_lazy("article", "Not yet published")
    PUBLISHED = "published", pgettext_lazy("article", "Published")
    EXPIRED = "expired", pgettext_lazy("article", "Review overdue")
    RETIRED = "retired", pgettext_lazy("article", "Retired")


OPEN_VERSIONS = frozenset({VersionState.DRAFT, VersionState.IN_REVIEW})
#: What staff find and read as the house's word; an overdue one with a mark, and customers do not see it any more.
SHOWN_STATES = frozenset({ArticleState.PUBLISHED, ArticleState.EXPIRED})


def reminder_at(review_at: datetime) -> datetime:
    """When the owner is told that the review is coming."""
    return review_at - REMINDED_BEFORE


def review_within(moment: datetime, wanted: datetime) -> bool:
    """Whether a review date is one: ahead, and not so far that nobody will ever look."""
    return moment < wanted <= moment + LONGEST_REVIEW


def tags_of(text: str) -> list[str]:
    """Tags as somebody types them: between commas, blanks or Chinese marks; each once, in the order given."""
    for mark in ",，、;；#\t\r\n":
        text = text.replace(mark, " ")
    return list(dict.fromkeys(text.split()))
