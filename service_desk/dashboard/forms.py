"""Every Django form drawn with the desk's own field, whoever writes `{{ form }}`; plain controls without templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.forms import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from service_desk.dashboard.templatetags.desk import icon, kind_of

_WIDGETS = "django/forms/widgets/"
_ONE_LINE = ("input", "text", "search", "number", "date", "email", "tel", "hidden", "checkbox")


class DeskRenderer(TemplatesSetting):
    """`FORM_RENDERER`: forms from components/form.html, fields from components/field.html, rows of formsets alike.

    Inputs and selects, the same mark-up as Django's templates make, and plain fields, the same as
    components/field.html, are written here: one template for each option and field was a third of what the list of
    cases cost (test_forms.py holds the two to the same result).
    """

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"

    def render(self, template_name: str, context: Any, request: Any = None) -> str:
        """The control by hand where that is all there is to it, else by its template."""
        if template_name == self.field_template_name and (drawn := _field(context["field"])) is not None:
            return drawn
        by_hand = _BY_HAND.get(template_name)
        return super().render(template_name, context, request) if by_hand is None else by_hand(context["widget"])


def _field(field: BoundField) -> SafeString | None:
    """A line or a check box with its label and notes; None for what only the template draws."""
    kind = kind_of(field)
    if kind not in ("line", "check") or field.widget_type == "password":
        return None
    wrong, frame = " field--wrong" if field.errors else "", conditional_escape(field.auto_id)
    label, target = conditional_escape(field.label), conditional_escape(field.id_for_label)
    if kind == "check":
        head = f'<label class="check" for="{target}">{field}<span>{label}</span></label>'
        return mark_safe(  # noqa: S308 - each part is escaped
            f'<div class="field field--check{wrong}" id="{frame}_field">{head}{_notes(field, frame)}</div>'
        )
    optional = "" if field.field.required else f' <span class="field__optional">{_("(optional)")}</span>'
    head = f'<label class="field__label" for="{target}">{label}{optional}</label>' if field.label else ""
    return mark_safe(  # noqa: S308 - each part is escaped
        f'<div class="field{wrong}" id="{frame}_field">{head}{field}{_notes(field, frame)}</div>'
    )


def _notes(field: BoundField, frame: str) -> str:
    """As components/field_notes.html; the help is the house's own text and may have mark-up."""
    notes = ""
    if field.help_text:
        notes = f'<div class="field__foot"><span id="{frame}_helptext">{field.help_text}</span></div>'
    if field.errors:
        errors = " ".join(conditional_escape(str(error)) for error in field.errors)
        notes += f'<div class="field__error" id="{frame}_error">{icon("exclamation-circle")}<span>{errors}</span></div>'
    return notes


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
