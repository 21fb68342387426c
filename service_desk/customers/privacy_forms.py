"""The forms of privacy: what a customer asks about their data, the answer, a legal hold, and the rule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.customers.rules import PrivacyKind


class RequestForm(forms.Form):
    """What is asked, by whom, and how it was made sure that it is them."""

    kind = forms.ChoiceField(label=pgettext_lazy("privacy", "What is asked"), choices=PrivacyKind.choices)
    asked_by = forms.CharField(label=pgettext_lazy("privacy", "Who asks"), max_length=80)
    proof = forms.CharField(
        label=_("How it was made sure that it is them"),
        max_length=200,
        help_text=_("For example: called back on the recorded number; identity card seen."),
    )
    words = forms.CharField(
        label=pgettext_lazy("privacy", "In their words"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "data-language": "off"}),
        help_text=_("For a correction: what is wrong, and what is right."),
    )


class AnswerForm(forms.Form):
    """Granted or refused, and what the customer is told."""

    granted = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[("", "–"), ("yes", _("Granted")), ("no", pgettext_lazy("privacy", "Refused"))],
        coerce=lambda said: said == "yes",
    )
    answer = forms.CharField(
        label=_("What the customer is told"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A refusal gives its reason."),
    )


class HoldForm(forms.Form):
    """Why nothing may be erased."""

    reason = forms.CharField(label=_("Reason"), max_length=500, help_text=_("For example: the number of the dispute."))


class PrivacyRuleForm(forms.Form):
    """How long callers are kept, and how soon requests are answered."""

    keep_days = forms.IntegerField(
        label=_("Days after which callers are made anonymous"),
        min_value=0,
        max_value=36500,
        help_text=_("Counted from the end of the case. 0: never by itself. The law asks for the shortest time needed."),
    )
    answer_days = forms.IntegerField(
        label=_("Days for the answer to a request"),
        min_value=1,
        max_value=30,
        help_text=_("GB/T 35273 allows 30."),
    )

    def clean_keep_days(self) -> Any:
        """A month at least: what has just ended is still asked about."""
        days = self.cleaned_data["keep_days"]
        if 0 < days < 30:
            raise forms.ValidationError(_("0, or 30 and more."), code="invalid")
        return days
