"""The form by which a customer complains without an account, and the one that asks how it stands. Plain words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.complaints.actions.web import Sent
from service_desk.people.models import ServiceLine
from service_desk.rest.clean import is_clean


def _line(**attrs: Any) -> forms.TextInput:
    return forms.TextInput(attrs=attrs)


def _words(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "data-count": "1"})


class _Plain(forms.Form):
    """Half a pair of a character is refused beside its field, as NUL is by Django itself."""

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]  # Django's own, without a stub
        for name, value in list(self.cleaned_data.items()):
            if isinstance(value, str) and not is_clean(value):
                words = gettext("This contains a character that cannot be stored. Write it in other words.")
                self.add_error(name, ValidationError(words, code="unclean_text"))


class ComplainForm(_Plain):
    """What happened, what would put it right, and how we reach you; only the first two must be said."""

    matter = forms.CharField(
        label=_("What is it about?"),
        max_length=120,
        help_text=_("In one line, for example: the repair was promised twice and nobody came."),
        widget=_line(**{"data-count": "1", "autocomplete": "off"}),
        error_messages={"required": _("Please say in one line what it is about.")},
    )
    description = forms.CharField(
        label=_("What happened?"),
        max_length=4000,
        required=False,
        help_text=_("When, where, and who took part, as far as you know."),
        widget=_words(5),
    )
    wanted = forms.CharField(
        label=_("What would put it right?"),
        max_length=2000,
        widget=_words(2),
        error_messages={"required": _("Please say what would put it right for you.")},
    )
    service = forms.ChoiceField(label=_("Which service?"), required=False)
    about_case = forms.CharField(
        label=_("Number of your ticket"), max_length=40, required=False, widget=_line(autocomplete="off")
    )
    about_person = forms.CharField(
        label=_("Name of the member of staff"),
        max_length=80,
        required=False,
        help_text=_("Only if it is about one. This person will not see your complaint."),
        widget=_line(autocomplete="off"),
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=80,
        required=False,
        help_text=_("You may leave it out; then we cannot call you back."),
        widget=_line(autocomplete="name"),
    )
    phone = forms.CharField(
        label=_("Your phone number"), max_length=60, required=False, widget=_line(autocomplete="tel", inputmode="tel")
    )
    address = forms.CharField(
        label=_("Your address"), max_length=200, required=False, widget=_line(autocomplete="street-address")
    )
    # A trap: no person sees it, and a program that fills every field is known by it.
    website = forms.CharField(
        label=_("Leave this empty"), required=False, widget=_line(autocomplete="off", tabindex="-1")
    )
    token = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chinese = (get_language() or "").startswith("zh")
        lines = [(str(one.pk), one.name if chinese else one.name_en or one.name) for one in _lines()]
        service: Any = self.fields["service"]
        service.choices = [("", gettext("I do not know")), *lines]

    def clean_website(self) -> str:
        value: str = self.cleaned_data["website"]
        if value:
            raise ValidationError(gettext("Please leave this field empty and send the form again."), code="trap")
        return value

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("name") and not data.get("phone") and not data.get("address"):
            self.add_error("phone", gettext("Please say how we reach you: a phone number or an address."))
        return data

    def sent(self, token: Any) -> Sent:
        """What the verb is given."""
        data = self.cleaned_data
        service = next((one for one in _lines() if str(one.pk) == data["service"]), None)
        kept = ("matter", "wanted", "description", "name", "phone", "address", "about_case", "about_person")
        return Sent(token=token, service=service, **{name: data[name] for name in kept})


class StateForm(_Plain):
    """Reference and code, as they stood on the receipt."""

    reference = forms.CharField(
        label=_("Reference"), max_length=40, widget=_line(autocomplete="off", spellcheck="false", placeholder="WC-…")
    )
    code = forms.CharField(
        label=pgettext_lazy("receipt", "Code"), max_length=40, widget=_line(autocomplete="off", spellcheck="false")
    )


def _lines() -> list[ServiceLine]:
    return list(ServiceLine.objects.order_by("pk")[:20])
