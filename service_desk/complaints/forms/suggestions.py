"""Forms of customers' suggestions and of praise."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from service_desk.knowledge.forms.overriding import OverrideField
from service_desk.people.fields import PersonField


def _text(label: Any, help_text: Any, limit: int) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 4, "data-count": "1"})
    return forms.CharField(label=label, help_text=help_text, max_length=limit, widget=widget)


class AnswerForm(forms.Form):
    """What the unit answers, or what the customer was told of it."""

    text = _text(_("Answer"), _("It goes back to the customer."), 4000)
    override = OverrideField()

    def __init__(self, *args: Any, returns: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].widget.attrs["data-language"] = "to_customer"
        if returns:
            field = self.fields["text"]
            field.label, field.help_text = (
                gettext("What the customer was told"),
                gettext("The promise is kept with it."),
            )


class PraiseForm(forms.Form):
    """Whom a customer praises, and for what."""

    staff = PersonField(label=_("Who is praised"))
    text = _text(_("What the customer praises"), _("Name no customer: others read it."), 2000)
