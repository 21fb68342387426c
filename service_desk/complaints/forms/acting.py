"""The small form of each verb of a complaint: what the person must say, and which state they were looking at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models import CaseCircle
from service_desk.cases.rules import Channel
from service_desk.complaints.circle import hearer_of, hearers
from service_desk.complaints.forms.fields import UnitField
from service_desk.complaints.models import Complaint
from service_desk.complaints.rules import LEVEL_MEANING, ComplaintLevel, Finding, FiveClear, is_raised, next_instance
from service_desk.deadlines.clock import now
from service_desk.knowledge.forms.overriding import OverrideField
from service_desk.people.fields import MomentField, PersonField

_LARGEST = 2**31 - 1
_LARGEST_ID = 2**63 - 1
Fields = dict[str, forms.Field]


def _meaning(value: str, label: Any) -> str:
    return gettext("%(label)s: %(meaning)s") % {"label": label, "meaning": LEVEL_MEANING[value]}


_spelled_out = lazy(_meaning, str)


def _text(label: Any, help_text: Any = "", *, limit: int = 2000, required: bool = True) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3, "data-count": "1"})
    return forms.CharField(label=label, help_text=help_text, max_length=limit, required=required, widget=widget)


def _line(label: Any, help_text: Any = "", *, limit: int = 80, required: bool = True) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, help_text=help_text, max_length=limit, required=required, widget=widget)


def _moment(label: Any, help_text: Any, *, required: bool = True) -> MomentField:
    field = MomentField(label=label, help_text=help_text, required=required)
    field.now = now()
    return field


def _clear(_complaint: Complaint) -> Fields:
    return {
        "clear": forms.ChoiceField(label=_("Which"), choices=FiveClear.choices, widget=forms.RadioSelect),
        "text": _text(_("What was done"), limit=4000),
        "at": _moment(_("When"), _("Empty means now; earlier as 14:05 or 11-21 14:05."), required=False),
    }


def _decide(_complaint: Complaint) -> Fields:
    return {
        "finding": forms.ChoiceField(label=_("Finding"), choices=Finding.choices, widget=forms.RadioSelect),
        "reasons": _text(_("Reasons of the decision"), limit=4000),
        "remedy": _text(_("Remedy"), _("What is done to put it right, or why nothing can be."), limit=4000),
        "reply": _text(_("Reply sent"), _("In the words that the complainant reads or hears."), limit=4000),
        "channel": forms.ChoiceField(label=pgettext_lazy("way", "By"), choices=Channel.choices, initial=Channel.PHONE),
    }


def _satisfaction(_complaint: Complaint) -> Fields:
    return {
        "satisfied": forms.TypedChoiceField(
            label=_("Complainant satisfied"),
            choices=[("yes", _("Satisfied")), ("no", _("Not satisfied: another solution is due"))],
            coerce=lambda value: value == "yes",
            widget=forms.RadioSelect,
        ),
        "text": _text(_("What the complainant says"), required=False),
    }


def _hearer(complaint: Complaint, kind: str) -> forms.TypedChoiceField:
    """Those alone who may decide it, the highest office first (P5)."""
    free = {one.pk: one for one in hearers(complaint, kind)}
    offered = [(pk, f"{one} · {one.unit}" if one.unit else str(one)) for pk, one in free.items()]
    return forms.TypedChoiceField(
        label=_("Decides"),
        choices=offered,
        initial=hearer_of(complaint, kind),  # who would be asked if nobody were named
        coerce=lambda value: free[int(value)],
        help_text=_("Only those are offered who neither decided nor handled it nor report to who did."),
    )


def _escalate(complaint: Complaint) -> Fields:
    kind = next_instance(complaint.stage)
    fields: Fields = {"owner": _hearer(complaint, kind)} if kind is not None else {}
    return fields | {"text": _text(_("Reason"), _("It stands with the next instance and stays readable."))}


def _assign(complaint: Complaint) -> Fields:
    return {"owner": _hearer(complaint, complaint.stage), "text": _text(_("Reason"))}


def _correct(_complaint: Complaint) -> Fields:
    return {
        "text": _text(_("What is to be done"), _("So that it does not happen again.")),
        "owner": PersonField(
            label=pgettext_lazy("corrective action", "Owner"), help_text=_("Comes into the circle with it.")
        ),
        "due_at": _moment(_("Until"), _("As 14:05, 11-21 14:05 or 2026-11-21 14:05.")),
    }


def _finish(complaint: Complaint) -> Fields:
    waiting = complaint.corrective_actions.filter(done_at=None).select_related("owner")
    choices = [(each.pk, f"{each.text[:80]} ({each.owner})") for each in waiting]
    return {
        "action": forms.TypedChoiceField(label=_("Corrective action"), choices=choices, coerce=int),
        "text": _text(_("What was done")),
    }


def _identify(_complaint: Complaint) -> Fields:
    return {
        "owner": _line(_("Owner"), _("The body that keeps it, such as 12315.")),
        "value": _line(pgettext_lazy("telephone", "Number")),
        "type": _line(pgettext_lazy("identifier", "Type"), limit=40, required=False),
    }


def _level(complaint: Complaint) -> Fields:
    graver = [(v, _spelled_out(v, label)) for v, label in ComplaintLevel.choices if is_raised(complaint.level, v)]
    return {
        "level": forms.ChoiceField(label=_("Level"), choices=graver, widget=forms.RadioSelect),
        "text": _text(
            _("Reason"), _("It is only raised. Running clocks get the targets of the new one from the same start.")
        ),
    }


def _regulator(complaint: Complaint) -> Fields:
    until = _moment(
        pgettext_lazy("regulator", "Until"),
        _("As 14:05, 11-21 14:05 or 2026-11-21 14:05; empty when it was taken back. The earlier time wins."),
        required=False,
    )
    if complaint.regulator_due_at is not None:
        until.initial = timezone.localtime(complaint.regulator_due_at).strftime("%Y-%m-%d %H:%M")
    return {"due_at": until, "text": _text(_("Reason"), _("Who of the regulator said so, and how."))}


def _concern(_complaint: Complaint) -> Fields:
    return {
        "staff": PersonField(
            label=_("A person"), help_text=_("With their reporting line they leave the circle at once.")
        ),
        "text": _text(_("Reason")),
    }


def _call_in(_complaint: Complaint) -> Fields:
    return {
        "staff": PersonField(label=_("A person"), help_text=_("Whom it concerns and their line cannot be called in.")),
        "text": _text(_("Why this person must know of it"), limit=500),
    }


def _let_go(complaint: Complaint) -> Fields:
    bound = {complaint.case.handler_id, complaint.case.first_responder_id}
    members = CaseCircle.objects.filter(case=complaint.pk, until=None).select_related("staff").order_by("since")
    staff = {each.staff_id: each.staff for each in members if each.staff_id not in bound}
    return {
        "staff": forms.TypedChoiceField(
            label=_("A person"), choices=[(pk, str(one)) for pk, one in staff.items()], coerce=lambda pk: staff[int(pk)]
        ),
        "text": _text(_("Reason"), limit=500),
    }


def _suggest(_complaint: Complaint) -> Fields:
    return {
        "unit": UnitField(label=_("Sent to")),
        "text": _text(_("Suggestion"), _("The unit reads it: name no complainant.")),
        "due_at": _moment(_("Answer by"), _("Promised to the customer. As 14:05 or 11-21 14:05.")),
    }


#: What each verb asks, by its name in the address.
FIELDS: Mapping[str, Callable[[Complaint], Fields]] = {
    "clear": _clear,
    "decide": _decide,
    "satisfaction": _satisfaction,
    "escalate": _escalate,
    "assign": _assign,
    "correct": _correct,
    "finish": _finish,
    "identify": _identify,
    "level": _level,
    "regulator": _regulator,
    "concern": _concern,
    "call_in": _call_in,
    "let_go": _let_go,
    "suggest": _suggest,
}


class DeedForm(forms.Form):
    """The answers of one verb, and in hidden fields what was on the screen: the case's version and last event."""

    version = forms.IntegerField(min_value=0, max_value=_LARGEST, widget=forms.HiddenInput)
    seen = forms.IntegerField(min_value=0, max_value=_LARGEST_ID, required=False, widget=forms.HiddenInput)

    def __init__(self, verb: str, complaint: Complaint, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = FIELDS[verb](complaint)
        self.asked = tuple(fields)
        self.fields.update(fields)
        if verb == "decide":  # words for the complainant go through the check (K3)
            fields["reply"].widget.attrs["data-language"] = "to_customer"
            self.fields["override"] = OverrideField()
            self.asked += ("override",)

    @property
    def answers(self) -> dict[str, Any]:
        """What the verb takes, by the names of its arguments."""
        return {name: self.cleaned_data[name] for name in self.asked}

    @property
    def words(self) -> str:
        """The text among the answers as the timeline keeps it."""
        cleaned = getattr(self, "cleaned_data", {})
        return next((cleaned[name].strip() for name in ("text", "reasons") if cleaned.get(name)), "")

    def look_again(self, version: int, seen: int) -> None:
        """What was typed stays; the next press is about the complaint as it stands now."""
        data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        data["version"], data["seen"] = str(version), str(seen)
        self.data = data
