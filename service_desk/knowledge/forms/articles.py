"""The forms of articles: writing one, the deeds of its life, the filters of the list, votes and synonyms (K6)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.deadlines.clock import now
from service_desk.knowledge.actions.articles import Words
from service_desk.knowledge.articles.rules import (
    LONGEST_BODY,
    LONGEST_NOTE,
    LONGEST_TITLE,
    OPEN_VERSIONS,
    SHOWN_STATES,
    ArticleState,
    Audience,
    tags_of,
)
from service_desk.knowledge.models import Article, ArticleVersion
from service_desk.knowledge.rules import Direction
from service_desk.people.models import ProductType, ServiceLine

_LONG = {"rows": 4, "data-count": "1"}


class ArticleForm(forms.Form):
    """What somebody writes."""

    title = forms.CharField(
        label=_("Title"),
        max_length=LONGEST_TITLE,
        help_text=_("As somebody would ask for it: “What to do when a lift stops between floors”."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    body = forms.CharField(
        label=_("Text"),
        max_length=LONGEST_BODY,
        strip=False,
        help_text=_("Markdown: # heading, - list, 1. steps, **bold**, [words](https://…), | tables |."),
        widget=forms.Textarea(attrs={"rows": 18, "data-count": "1", "class": "article-source"}),
    )
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=400, help_text=_("Other words for it, with blanks between them.")
    )
    audience = forms.ChoiceField(
        label=pgettext_lazy("audience", "For"),
        choices=Audience.choices,
        initial=Audience.STAFF,
        widget=forms.RadioSelect,
    )
    lines = forms.ModelMultipleChoiceField(
        ServiceLine.objects.all(),
        label=_("Service lines"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all of them."),
    )
    products = forms.ModelMultipleChoiceField(
        ProductType.objects.filter(is_active=True),
        label=_("Product types"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Cases about these are offered the article first."),
    )
    note = forms.CharField(
        label=_("What changed"), required=False, max_length=LONGEST_NOTE, help_text=_("For the reviewer.")
    )
    revision = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for_customers = self["audience"].value() == Audience.CUSTOMERS
        direction = Direction.TO_CUSTOMER if for_customers else Direction.INTERNAL_NOTE
        for name in ("title", "body"):  # how both are checked while somebody types
            self.fields[name].widget.attrs["data-language"] = direction.value

    @property
    def words(self) -> Words:
        """What the verb takes."""
        given = self.cleaned_data
        return Words(
            title=given["title"],
            body=given["body"],
            tags=tags_of(given["tags"]),
            audience=given["audience"],
            note=given["note"],
            lines=[line.pk for line in given["lines"]],
            products=[product.pk for product in given["products"]],
        )


def initial_of(article: Article, version: ArticleVersion | None) -> dict[str, Any]:
    """What stands in the form of an article that is written on: its draft, or the version in force."""
    if version is None:
        return {}
    return {
        "title": version.title,
        "body": version.body,
        "tags": " ".join(tag.replace(" ", "") for tag in version.tags),
        "audience": version.audience,
        "note": version.note,
        "lines": version.lines,
        "products": version.products,
        "revision": article.revision,
    }


class PlainForm(forms.Form):
    """A deed that needs no words."""


class AnswerForm(forms.Form):
    """What the reviewer wants mended."""

    answer = forms.CharField(label=_("What is to be mended?"), max_length=LONGEST_NOTE, widget=forms.Textarea(_LONG))


class ReasonForm(forms.Form):
    """Why an article is taken out of force."""

    reason = forms.CharField(label=_("Reason"), max_length=LONGEST_NOTE, widget=forms.Textarea(_LONG))


class ReviewDateForm(forms.Form):
    """Until when the article may be believed."""

    review_at = forms.DateField(
        label=_("To be reviewed by"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Its owner is told 14 days before; after that day customers do not see it any more."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = ZoneInfo(settings.TIME_ZONE)
        last = (now() + timedelta(days=settings.ARTICLE_REVIEW_DAYS)).astimezone(zone).date()
        self.fields["review_at"].initial = last.isoformat()

    def clean_review_at(self) -> datetime:
        """The end of that day in the desk's zone."""
        day: date = self.cleaned_data["review_at"]
        return datetime.combine(day, time(23, 59, 59), ZoneInfo(settings.TIME_ZONE))


class PublishForm(ReviewDateForm):
    """The review date; and, where words for customers were found wanting, why they stay."""

    answer = forms.CharField(label=_("To the author"), required=False, max_length=LONGEST_NOTE)
    override = forms.CharField(
        label=_("Why banned words may stay"),
        required=False,
        max_length=LONGEST_NOTE,
        help_text=_("Only a supervisor's reason lets them pass, and it is recorded."),
    )


class ArticleFilters(forms.Form):
    """The filters of the list, as they stand in the address."""

    q = forms.CharField(
        label=_("Words"), required=False, max_length=200, widget=forms.TextInput(attrs={"type": "search"})
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("in force")), ("open", _("drafts and reviews")), *ArticleState.choices],
    )
    line = forms.ModelChoiceField(
        ServiceLine.objects.all(), label=_("Service line"), required=False, empty_label=_("every line")
    )

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters that are set and in order."""
        return {name: value for name, value in getattr(self, "cleaned_data", {}).items() if value}

    def narrow(self, rows: Any) -> Any:
        """The articles that meet state and line; words are searched for elsewhere (articles.search)."""
        chosen = self.chosen
        state, line = chosen.get("state", ""), chosen.get("line")
        if state == "open":  # what is being written, and what that is about
            about = {"versions__lines__contains": [line.pk]} if line else {}
            return rows.filter(versions__state__in=OPEN_VERSIONS, **about)
        rows = rows.filter(state__in=[state] if state else SHOWN_STATES)
        return rows.about(line.pk) if line else rows


class VoteForm(forms.Form):
    """Was this useful?"""

    useful = forms.TypedChoiceField(
        label=_("Was this useful?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    comment = forms.CharField(label=_("What is missing?"), required=False, max_length=LONGEST_NOTE)


class SynonymForm(forms.Form):
    """The synonyms, a group a line."""

    text = forms.CharField(
        label=_("Words that mean the same"),
        required=False,
        max_length=60_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
        help_text=_("One group a line, as 退服 = 断站 = 掉站. A line after # is left out."),
        validators=[ProhibitNullCharactersValidator()],
    )
    note = forms.CharField(label=_("What changed"), required=False, max_length=LONGEST_NOTE)
    based_on = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
