"""What is typed while somebody is on the line: which case it is about, why it needs none, what goes with a transfer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.urls import reverse_lazy
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.calls.rules import Exemption
from service_desk.cases.models import Case
from service_desk.people.fields import MomentField, TypeaheadField
from service_desk.telephony.rules import Party

_CLEAN = [ProhibitNullCharactersValidator()]


class CaseField(TypeaheadField):
    """One case that this person may see, chosen or written by its number; the form says whose eyes."""

    user: Any = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            url=reverse_lazy("call-case-suggest"), placeholder=_("Number, customer or words of it"), **kwargs
        )

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        cases = Case.objects.visible_to(self.user)
        found = cases.filter(pk=typed.id).first() if typed.id is not None else None
        found = found or (cases.filter(number=typed.text.upper()).first() if typed.text else None)
        if found is None:
            raise ValidationError(gettext("There is no such case. Choose one of the list."), code="unknown")
        case: Case = found
        return case


class CallForm(forms.Form):
    """Handed the person whose form it is."""

    def __init__(self, *args: Any, user: Any, call: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, CaseField):
                field.user = user
                if call is not None:
                    field.widget.attrs["data-url"] = f"{reverse_lazy('call-case-suggest')}?call={call.ref}"


class LinkForm(CallForm):
    """Which case the call is about."""

    case = CaseField(
        label=_("Case"), shortest=0, error_messages={"required": _("Please choose the case that the call is about.")}
    )


class ExceptionForm(CallForm):
    """Why no ticket is needed (C3)."""

    reason = forms.ChoiceField(
        label=_("No ticket is needed because"),
        choices=Exemption.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose the reason.")},
    )
    case = CaseField(label=_("Follow-up of this case"), required=False, shortest=0)
    words = forms.CharField(
        label=_("In a few words"),
        max_length=500,
        required=False,
        validators=_CLEAN,
        help_text=_("Needed only for another reason."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("reason") == Exemption.FOLLOW_UP and not data.get("case") and "case" not in self.errors:
            self.add_error("case", ValidationError(gettext("Say which case it follows up."), code="required"))
        return data


class TransferForm(CallForm):
    """Who calls and what about, for the colleague who takes over (T6)."""

    name = forms.CharField(
        label=pgettext_lazy("person", "Name"),
        max_length=80,
        validators=_CLEAN,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Please say who calls.")},
    )
    matter = forms.CharField(
        label=_("Matter"),
        max_length=500,
        validators=_CLEAN,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Please say what it is about.")},
    )


class CallBackForm(CallForm):
    """A call back at a time: a promise of a case (C11)."""

    case = CaseField(
        label=_("Case"),
        shortest=0,
        error_messages={"required": _("A promise belongs to a case. Choose it, or register one first.")},
    )
    due_at = MomentField(
        label=_("We call back by"), error_messages={"required": _("Say until when: a promise without a time is none.")}
    )
    text = forms.CharField(
        label=_("What is promised"),
        max_length=500,
        validators=_CLEAN,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-language": "to_customer"}),
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        moment = self.fields["due_at"]
        assert isinstance(moment, MomentField)  # noqa: S101  (told to the type checker)
        moment.now = now


class ByHandForm(CallForm):
    """A call that no phone system tells of."""

    number = forms.CharField(
        label=_("Caller's number"),
        max_length=40,
        required=False,
        validators=_CLEAN,
        help_text=_("Empty when it is not shown."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off", "autofocus": True, "data-dial": "1"}),
    )
    token = forms.UUIDField(widget=forms.HiddenInput)


class EndForm(CallForm):
    """Who hung up (T5)."""

    ended_by = forms.ChoiceField(choices=[(Party.CUSTOMER, ""), (Party.AGENT, ""), (Party.UNKNOWN, "")], required=False)


class UndoForm(CallForm):
    """Why a registration is taken back."""

    why = forms.CharField(
        label=_("Reason"),
        max_length=500,
        validators=_CLEAN,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
