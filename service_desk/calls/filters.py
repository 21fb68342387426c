"""The filters of the list of calls: each stands in the address and is answered by an index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.calls.models import CallDeadline, CallSettlement
from service_desk.people.fields import PersonField
from service_desk.telephony.models import CallFact
from service_desk.telephony.rules import CallRule, CallState, Direction, Verdict, e164_cn

_ANY = ("", pgettext_lazy("filter", "any"))
_STALE = "stale"  # ended by the desk, since the phone system never said that it was over


class CallFilters(forms.Form):
    """What is not valid is said and left out; the rest counts."""

    number = forms.CharField(
        label=_("Caller's number"), required=False, max_length=40, validators=[ProhibitNullCharactersValidator()]
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[_ANY, *CallState.choices, (_STALE, _("no end was reported"))]
    )
    direction = forms.ChoiceField(label=_("Direction"), required=False, choices=[_ANY, *Direction.choices])
    who = PersonField(label=_("Whose"), required=False)
    registered = forms.ChoiceField(
        label=_("Registration"),
        required=False,
        choices=[
            _ANY,
            ("open", _("still to register")),
            ("missed", _("missed registration")),
            ("case", _("as a case")),
            ("message", _("as a message")),
            ("exception", _("no ticket needed")),
            ("nobodys", _("claimed by nobody")),
        ],
    )
    rule = forms.ChoiceField(label=_("Rule"), required=False, choices=[_ANY, *CallRule.choices])
    verdict = forms.ChoiceField(label=_("Verdict"), required=False, choices=[_ANY, *Verdict.choices])

    def __init__(self, data: Mapping[str, Any], *, user: Any) -> None:
        super().__init__(data)
        self.user = user

    def clean_number(self) -> str:
        """As calls are matched: by the whole number, however it is written."""
        typed: str = self.cleaned_data["number"].strip()
        if not typed:
            return ""
        found = e164_cn(typed, settings.PHONE_REGION)
        if found is None:
            raise ValidationError(gettext("Write the whole number."), code="incomplete")
        return found

    @property
    def chosen(self) -> dict[str, Any]:
        """What is asked for."""
        return {name: value for name, value in getattr(self, "cleaned_data", {}).items() if value}

    def narrow(self, calls: Any) -> Any:
        """The calls that meet every filter."""
        chosen = self.chosen
        if "number" in chosen:
            calls = calls.filter(customer_e164=chosen["number"])
        if "state" in chosen:
            calls = calls.filter(is_stale=True) if chosen["state"] == _STALE else calls.filter(state=chosen["state"])
        if "direction" in chosen:
            calls = calls.filter(direction=chosen["direction"])
        if "who" in chosen:
            calls = calls.of(chosen["who"])
        if "rule" in chosen or "verdict" in chosen:
            facts = CallFact.objects.standing().filter(call=OuterRef("pk"))
            given = {name: chosen[name] for name in ("rule", "verdict") if name in chosen}
            calls = calls.filter(Exists(facts.filter(**given)))
        return _registered(calls, chosen["registered"]) if "registered" in chosen else calls


def _registered(calls: Any, how: str) -> Any:
    if how == "nobodys":
        return calls.unclaimed().filter(direction=Direction.INBOUND)
    if how in ("open", "missed"):
        clocks = CallDeadline.objects.standing()
        clocks = clocks.to_register() if how == "open" else clocks.filter(breached_at__isnull=False)
        return calls.filter(pk__in=clocks.filter(call__isnull=False).order_by().values("call"))
    settled = CallSettlement.objects.standing().filter(call=OuterRef("pk"), settled_as=how)
    return calls.filter(Exists(settled))
