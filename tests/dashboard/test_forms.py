"""Controls written by hand are those that Django's own templates make."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from service_desk.dashboard.forms import DeskRenderer

NASTY = ["", "<b>", '"', "'", "&amp;", "中文", "a\nb", "{{ x }}", 0, 1.5, None]
same = SimpleTestCase().assertHTMLEqual
GROUPS = [("", "–"), ("铁塔", [(1, "<一>"), (2, '"二"')]), ("a&b", "三")]


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize(
    "widget",
    [
        forms.TextInput({"data-url": "/a?b=1&c=2", "autofocus": True, "hidden": False}),
        forms.NumberInput({"min": 0}),
        forms.DateInput({"type": "date"}),
        forms.EmailInput(),
        forms.HiddenInput(),
        forms.CheckboxInput(),
        forms.Select({"class": "<x>"}, GROUPS),
        forms.SelectMultiple(choices=GROUPS),
    ],
    ids=lambda widget: type(widget).__name__,
)
def test_controls_by_hand_are_those_of_the_templates(widget: forms.Widget, value: Any) -> None:
    given_value = [value] if isinstance(widget, forms.SelectMultiple) else value
    ours = widget.render("a<b", given_value, {"id": "id_x"}, renderer=DeskRenderer())
    same(ours, widget.render("a<b", given_value, {"id": "id_x"}, renderer=TemplatesSetting()))


class Odd(forms.Form):
    """Every kind of field, with and without what a field may have."""

    plain = forms.CharField(label="<名称> &", help_text="<b>说明</b>")
    optional = forms.CharField(required=False, label="可选")
    nameless = forms.CharField(label="", required=False)
    tick = forms.BooleanField(label='"同意"', help_text="勾选")
    choice = forms.ChoiceField(choices=GROUPS)
    several = forms.MultipleChoiceField(choices=[("1", "一")], widget=forms.CheckboxSelectMultiple)
    secret = forms.CharField(widget=forms.PasswordInput)
    unseen = forms.CharField(widget=forms.HiddenInput)
    person = forms.CharField(widget=forms.TextInput({"data-url": "/staff/suggest/"}))
    many = forms.CharField(widget=forms.Textarea, min_length=9, label="描述")


@pytest.mark.parametrize("data", [None, {}, {"plain": "<x>", "many": "短", "choice": "9", "tick": "on"}])
def test_fields_by_hand_are_those_of_the_template(data: dict[str, str] | None) -> None:
    form = Odd(data, prefix="p")
    for field in form:
        by_template = TemplatesSetting.render(DeskRenderer(), "components/field.html", {"field": field})
        same(field.as_field_group(), by_template)


@given(st.text(), st.text(), st.booleans())
def test_nothing_breaks_out_of_a_control(label: str, value: str, chosen: bool) -> None:
    select = forms.Select(choices=[(value, label), ("other", "x")])
    html = select.render("s", value if chosen else "other", {"data-x": label}, renderer=DeskRenderer())
    assert html.count("<option") == 2
    assert html.count("<") == 6
    assert "</select>" in html
