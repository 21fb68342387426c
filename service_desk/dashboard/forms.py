"""Every Django form drawn with the desk's own field, whoever writes `{{ form }}`; plain controls without templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

_WIDGETS = "django/forms/widgets/"
_ONE_LINE = ("input", "text", "search", "number", "date", "email", "tel", "hidden", "checkbox")


class DeskRenderer(TemplatesSetting):
    """`FORM_RENDERER`: forms from components/form.html, fields from components/field.html, rows of formsets alike.

    Inputs and selects, the same mark-up as Django's templates make, are written here: one template for each option of
    each select was a quarter of what the list of cases cost (test_forms.py holds the two to the same result).
    """

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"

    def render(self, template_name: str, context: Any, request: Any = None) -> str:
        """The control by hand where that is all there is to it, else by its template."""
        by_hand = _BY_HAND.get(template_name)
        return super().render(template_name, context, request) if by_hand is None else by_hand(context["widget"])


def _attributes(attrs: Mapping[str, Any]) -> Iterator[str]:
    for name, value in attrs.items():
        if value is True:
            yield f" {conditional_escape(name)}"
        elif value is not False:
            yield f' {conditional_escape(name)}="{conditional_escape(str(value))}"'


def _input(widget: Mapping[str, Any]) -> SafeString:
    value = "" if widget["value"] is None else f' value="{conditional_escape(str(widget["value"]))}"'
    kind, name = conditional_escape(widget["type"]), conditional_escape(widget["name"])
    return mark_safe(f'<input type="{kind}" name="{name}"{value}{"".join(_attributes(widget["attrs"]))}>')  # noqa: S308 - each part is escaped


def _select(widget: Mapping[str, Any]) -> SafeString:
    parts = [f'<select name="{conditional_escape(widget["name"])}"', *_attributes(widget["attrs"]), ">"]
    for group, options, _index in widget["optgroups"]:
        if group:
            parts.append(f'<optgroup label="{conditional_escape(group)}">')
        parts += (_option(option) for option in options)
        if group:
            parts.append("</optgroup>")
    return mark_safe("".join([*parts, "</select>"]))  # noqa: S308 - each part is escaped


def _option(option: Mapping[str, Any]) -> str:
    value, attributes = conditional_escape(str(option["value"])), "".join(_attributes(option["attrs"]))
    return f'<option value="{value}"{attributes}>{conditional_escape(option["label"])}</option>'


_BY_HAND: Mapping[str, Callable[[Mapping[str, Any]], SafeString]] = {
    **{f"{_WIDGETS}{name}.html": _input for name in _ONE_LINE},
    f"{_WIDGETS}select.html": _select,
}
