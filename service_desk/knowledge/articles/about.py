"""What a version says besides its text: for whom, its tags, service lines and products; and what of it changed (K6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from service_desk.knowledge.models import ArticleVersion
from service_desk.people.models import ProductType, ServiceLine


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that two versions say differently."""

    field: str
    label: str
    before: str
    after: str


def lines_of(version: ArticleVersion | None) -> list[ServiceLine]:
    """The service lines that a version is about; none means all of them."""
    return list(ServiceLine.objects.filter(pk__in=version.lines)) if version is not None and version.lines else []


def products_of(version: ArticleVersion | None) -> list[ProductType]:
    """The product types that a version is about."""
    return list(ProductType.objects.filter(pk__in=version.products)) if version is not None and version.products else []


def changes(before: ArticleVersion, after: ArticleVersion) -> list[Change]:
    """What of two versions differs beside the text, in the order of the form."""
    said = (
        ("title", _("Title"), before.title, after.title),
        ("tags", _("Tags"), " ".join(before.tags), " ".join(after.tags)),
        ("audience", pgettext("audience", "For"), before.get_audience_display(), after.get_audience_display()),
    )
    found = [Change(name, label, str(old), str(new)) for name, label, old, new in said if old != new]
    if before.lines != after.lines:
        every = _("every line")
        old, new = (_joined(lines_of(each)) or every for each in (before, after))
        found.append(Change("lines", _("Service lines"), old, new))
    if before.products != after.products:
        old, new = (_joined(products_of(each)) for each in (before, after))
        found.append(Change("products", _("Product types"), old, new))
    return found


def _joined(things: Iterable[object]) -> str:
    return ", ".join(str(thing) for thing in things)
