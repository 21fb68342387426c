"""What templates need to say times, names and states the same way everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import heroicons
from django import template
from django.conf import settings
from django.forms import BoundField
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from service_desk.dashboard import clock_markup

register = template.Library()


@register.simple_tag
def icon(name: str, size: int = 20, style: str = "") -> SafeString:
    """A heroicon beside a word: 20 px and less in the mini cut, else the outline. Hidden from screen readers."""
    return _icon(name + "", size, style + "" or ("mini" if size <= 20 else "outline"))


@lru_cache(maxsize=512)
def _icon(name: str, size: int, style: str) -> SafeString:
    markup = heroicons._render_icon(style, name, size, {"class": "icon"})
    return mark_safe(markup.replace(' data-slot="icon"', "").replace("\n", "").replace("  <", "<"))  # noqa: S308  # drawn from the package's own files


@register.simple_tag
def shape(name: str) -> SafeString:
    """The shape of a state from the page's sprite (components/shapes.html): light enough for every table row."""
    return format_html(
        '<svg class="icon shape" width="16" height="16" aria-hidden="true"><use href="#shape-{}"/></svg>', name
    )


@register.simple_tag(takes_context=True)
def countdown(context: Context) -> SafeString:
    """The count-down of components/countdown.html, by the clock of the page (`frame.now`)."""
    deadline, now = context.get("deadline"), getattr(context.get("frame"), "now", None)
    return clock_markup.drawn(
        deadline, now, compact=bool(context.get("compact")), subject=str(context.get("subject") or "")
    )


@register.filter
def duration(value: timedelta | float | None) -> str:
    """`3 h 20 min` / `3 小时 20 分` from a timedelta or seconds; below a minute in seconds."""
    if value is None:
        return "–"
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
    sign, seconds = ("−", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 60:
        return sign + _("%(n)s s") % {"n": seconds}
    minutes = seconds // 60
    parts = [
        (_("%(n)s d"), minutes // 1440),
        (_("%(n)s h"), minutes % 1440 // 60),
        (_("%(n)s min"), minutes % 60),
    ]
    return sign + " ".join(text % {"n": n} for text, n in parts if n)


@register.filter
def localdt(value: datetime | None) -> str:
    """`2026-11-21 14:05` in the desk's zone."""
    return timezone.localtime(value).strftime("%Y-%m-%d %H:%M") if value else "–"


@register.filter
def middle_cut(value: object, length: int = 24) -> SafeString | str:
    """A long name cut in the middle, where names differ least; the whole name on hover and for screen readers."""
    text = str(value)
    if len(text) <= length:
        return text
    head = length // 2
    cut = f"{text[:head]}…{text[-(length - 1 - head) :]}"
    return format_html(
        '<span class="cut" title="{0}"><span aria-hidden="true">{1}</span><span class="sr">{0}</span></span>', text, cut
    )


@register.filter
def people(names: Sequence[str], most: int = 4) -> str:
    """The first names of a list, as a sentence has them; more are dots."""
    return pgettext("list of people", ", ").join(names[:most]) + ("…" if len(names) > most else "")


@register.filter
def typeahead_url(field: BoundField) -> str:
    """Where the field's suggestions come from, if its widget has a `data-url`."""
    return str(field.field.widget.attrs.get("data-url", ""))


@register.filter
def typeahead_text(field: BoundField) -> str:
    """The words shown for the chosen id: as typed when the form came back, else the initial `<name>_text`."""
    name = f"{field.name}_text"
    if field.form.is_bound:
        return str(field.form.data.get(field.form.add_prefix(name), ""))
    return str(field.form.initial.get(name, "") or "")


@register.filter
def kind_of(field: BoundField) -> str:
    """Which shape of control a field has: `check`, `choices`, `hidden`, `typeahead` or `line`."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    if typeahead_url(field):
        return "typeahead"
    input_type = getattr(widget, "input_type", "")
    if input_type == "checkbox" and not widget.use_fieldset:
        return "check"
    return "choices" if widget.use_fieldset else "line"


@register.simple_tag
def company_name() -> str:
    """The company's name, also on pages that have no frame."""
    return str(settings.COMPANY_NAME)


@register.simple_tag
def service_hotline() -> str:
    """The number customers call, empty where the desk has not named one."""
    return str(settings.SERVICE_HOTLINE)


@register.filter
def attr(attributes: dict[str, Any], name: str) -> str:
    """An attribute whose name has a dash, which the template language cannot write."""
    return str(attributes.get(name, ""))


@register.filter
def at(sequence: Any, index: int) -> Any:
    """The item at `index`."""
    return sequence[index]
