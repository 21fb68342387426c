"""The screen on which anybody accepts a complaint (P1): fields as they are typed, resolved to what the verb needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.complaints.actions.accepting import Acceptance, lacking
from service_desk.complaints.actions.identifying import Identifier
from service_desk.complaints.forms.fields import CaseField, CustomerField, ProductField, UnitField
from service_desk.complaints.rules import REGULATORS, ComplaintChannel, ComplaintLevel
from service_desk.customers.models import Contact, Customer
from service_desk.people.fields import MomentField, PersonField
from service_desk.people.models import ServiceLine
from service_desk.telephony.models import Call

#: What the verb calls a field, where the form calls it otherwise.
NAMES = {"identifiers": "regulator_number", "value": "regulator_number", "owner": "channel", "due_at": "next_reply_at"}
ABOUT = ("about_case", "about_staff", "about_unit", "about_product", "about_service")


def _line(limit: int, **attrs: Any) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", "maxlength": limit, **attrs})


def _words(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "data-count": "1"})


class AcceptForm(forms.Form):
    """Who complains, about what, what is wanted, how grave it is and when they hear again; `now` is the database's."""

    channel = forms.ChoiceField(
        label=_("Came by"), choices=ComplaintChannel.choices, initial=ComplaintChannel.PHONE, widget=forms.Select
    )
    accepted_at = MomentField(
        label=_("Accepted"), required=False, help_text=_("Empty means now. Clocks run from here, never from later.")
    )
    customer = CustomerField(
        label=_("Customer unit"), required=False, help_text=_("Empty for a private person without one.")
    )
    name = forms.CharField(label=_("Complainant"), max_length=80, required=False, widget=_line(80))
    phone = forms.CharField(
        label=pgettext_lazy("telephone", "Number"), max_length=60, required=False, widget=_line(60, inputmode="tel")
    )
    address = forms.CharField(label=_("Address"), max_length=200, required=False, widget=_line(200))
    anonymous_reason = forms.CharField(
        label=_("Why without a name"),
        max_length=200,
        required=False,
        help_text=_("Only when there is no name: a complaint without one is accepted as well."),
        widget=_line(200),
    )
    about_case = CaseField(label=_("A case"), required=False)
    about_staff = PersonField(
        label=_("A person"),
        required=False,
        help_text=_("This person and their reporting line will not see the complaint."),
    )
    about_unit = UnitField(label=_("A unit"), required=False)
    about_product = ProductField(label=_("A product"), required=False)
    about_service = forms.ModelChoiceField(
        label=_("A service"), queryset=ServiceLine.objects.none(), required=False, empty_label="–"
    )
    matter = forms.CharField(
        label=_("What is complained of, in brief"),
        max_length=120,
        widget=_line(120, **{"data-count": "1"}),
        error_messages={"required": _("Say in a few words what is complained of.")},
    )
    description = forms.CharField(
        label=_("What happened, as the complainant tells it"),
        max_length=8000,
        required=False,
        help_text=_("In their own words; what is quoted is not judged."),
        widget=_words(4),
    )
    wanted = forms.CharField(
        label=_("What the complainant wants"),
        max_length=2000,
        widget=_words(2),
        error_messages={"required": _("Ask what would put it right, and write it down.")},
    )
    level = forms.ChoiceField(
        label=_("Level"),
        choices=ComplaintLevel.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the level; when in doubt the graver one.")},
    )
    next_reply_at = MomentField(
        label=_("Next reply to the complainant"),
        required=False,
        help_text=_("Agree on it before the contact ends; it becomes a promise. As 14:05 or 11-21 14:05."),
    )
    regulator_number = forms.CharField(
        label=_("The regulator's number"),
        max_length=80,
        widget=_line(80),
        error_messages={"required": _("Give the number under which the regulator keeps it.")},
    )
    regulator_due_at = MomentField(
        label=_("The regulator's time"), required=False, help_text=_("The earlier of this time and our own wins.")
    )
    token = forms.UUIDField(widget=forms.HiddenInput, error_messages={"invalid": "", "required": ""})
    call = forms.CharField(max_length=26, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, now: datetime, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("accepted_at", "next_reply_at", "regulator_due_at"):
            field: Any = self.fields[name]
            field.now = now
        self.fields["accepted_at"].widget.attrs["placeholder"] = gettext("now")
        case: Any = self.fields["about_case"]
        case.user = user
        service: Any = self.fields["about_service"]
        service.queryset = ServiceLine.objects.order_by("pk")
        self.fields["channel"].widget.attrs["autofocus"] = not self.is_bound
        # it is shown for a regulator's channel alone, and there it is no choice
        self.fields["regulator_number"].required = not self.is_bound or self.data.get("channel") in REGULATORS

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "token" in self.errors:
            del self.errors["token"]
            self.add_error(None, gettext("The page was not sent completely. Please check it and send it again."))
        self._say_what_is_lacking(data)
        return data

    def _say_what_is_lacking(self, data: Mapping[str, Any]) -> None:
        """What the verb would refuse, beside the fields that are wrong by themselves: nobody corrects in two rounds."""

        def given(*names: str) -> bool:
            return any(data.get(name) or name in self.errors for name in names)

        for error in lacking(
            channel=data.get("channel", ""),
            about=given(*ABOUT),
            named=given("name"),
            nameless_because=given("anonymous_reason"),
            reached=given("phone", "address", "customer"),
            regulator_numbered=given("regulator_number"),
            regulator_timed=bool(data.get("regulator_due_at")),
        ):
            name = "about_case" if error.field in ABOUT else NAMES.get(error.field, error.field)
            if name not in self.errors:
                self.add_error(name, str(error.message))

    def acceptance(self, call: Call | None) -> Acceptance:
        """What the verb is given."""
        data = self.cleaned_data
        customer = data["customer"]
        referred = data["channel"] in REGULATORS
        number = data["regulator_number"]
        owner = str(ComplaintChannel(data["channel"]).label) if referred else gettext("Another body")
        return Acceptance(
            channel=data["channel"],
            level=data["level"],
            matter=data["matter"],
            wanted=data["wanted"],
            description=data["description"],
            customer=customer,
            contact=_contact(customer, data["name"]),
            name=data["name"],
            phone=data["phone"],
            address=data["address"],
            anonymous_reason=data["anonymous_reason"],
            **{name: data[name] for name in ABOUT},
            call=call,
            accepted_at=data["accepted_at"] or (call.answered_at if call else None),
            next_reply_at=data["next_reply_at"],
            regulator_due_at=data["regulator_due_at"],
            identifiers=[Identifier(owner, number)] if number else [],
            token=data["token"],
        )

    def rewrite(self, **values: str) -> None:
        """Change what the page shows of what was sent: the ids of what was resolved, a fresh token."""
        data = self.data.copy() if isinstance(self.data, QueryDict) else dict(self.data)
        for name, value in values.items():
            data[name] = value
        self.data = data


def _contact(customer: Customer | None, name: str) -> Contact | None:
    """The customer's contact of exactly this name; none when there are two of it."""
    found = list(Contact.objects.filter(customer=customer, name=name)[:2]) if customer and name else []
    return found[0] if len(found) == 1 else None
