"""The small form of each move: what the person must say, and which state of the case they were looking at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from service_desk.cases.actions.progress import LONGEST
from service_desk.cases.models import Case
from service_desk.cases.models.note_templates import TemplateUse
from service_desk.cases.rules import (
    READ_BY_CUSTOMER,
    SEVERITY_MEANING,
    CaseState,
    Channel,
    Relation,
    Severity,
    WaitingFor,
)
from service_desk.deadlines.clock import now
from service_desk.knowledge.forms.overriding import OverrideField
from service_desk.people.fields import MomentField, PersonField
from service_desk.people.models import ProductType, Staff

_LARGEST = 2**31 - 1
_LARGEST_ID = 2**63 - 1


def _meaning(value: str, label: Any) -> str:
    return gettext("%(label)s: %(meaning)s") % {"label": label, "meaning": SEVERITY_MEANING[value]}


_spelled_out = lazy(_meaning, str)


def _severities() -> list[tuple[str, Any]]:
    return [(value, _spelled_out(value, label)) for value, label in Severity.choices]


def _text(label: Any, help_text: Any = "", *, limit: int = 8000, required: bool = True) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 4, "data-count": "1"})
    return forms.CharField(label=label, help_text=help_text, max_length=limit, required=required, widget=widget)


def _composed(case: Case, use: str, label: Any, help_text: Any) -> forms.CharField:
    """A text in which templates are offered at `/` and, in an internal note, colleagues at `@`."""
    field = _text(label, help_text)
    field.widget.attrs["data-templates"] = f"{reverse('case-templates', args=[case.number])}?use={use}"
    if use == TemplateUse.NOTE:
        field.widget.attrs["data-people"] = reverse("case-people", args=[case.number])
    return field


def _channel() -> forms.ChoiceField:
    return forms.ChoiceField(label=pgettext_lazy("way", "By"), choices=Channel.choices, initial=Channel.PHONE)


def _grade(_case: Case) -> dict[str, forms.Field]:
    return {"severity": forms.ChoiceField(label=_("Severity"), choices=_severities(), widget=forms.RadioSelect)}


def _observe(case: Case) -> dict[str, forms.Field]:
    fields: dict[str, forms.Field] = {
        "level": forms.ChoiceField(label=_("It looks like"), choices=_severities(), widget=forms.RadioSelect),
        "text": _text(_("What is observed"), _("Who is affected, since when, how many. The grade stays as it is.")),
    }
    if case.emergency_started_at is None and case.restored_at is None:
        fields["start_process"] = forms.BooleanField(label=_("Start the emergency process now"), required=False)
    return fields


def _wait(_case: Case) -> dict[str, forms.Field]:
    return {
        "waiting_for": forms.ChoiceField(label=_("Waiting for"), choices=WaitingFor.choices, widget=forms.RadioSelect),
        "text": _text(
            _("Reason"), _("Clocks that may pause stand still; it is shown whose wait it was and how long."), limit=500
        ),
    }


def _hand_over(_case: Case) -> dict[str, forms.Field]:
    return {
        "receiver": PersonField(label=_("Receiver"), help_text=_("Until it is accepted you hold the case.")),
        "done": _text(_("What was done"), limit=4000),
        "remaining": _text(_("What remains"), limit=4000),
        "promised": _text(_("What was promised"), _("Write “nothing” if nothing was promised."), limit=4000),
    }


def _ask(case: Case) -> dict[str, forms.Field]:
    qualified = Staff.objects.filter(is_active=True, qualifications__product_type=case.product_type_id)
    qualified_here = gettext("Qualified here: %(names)s")
    names = ", ".join(str(person) for person in qualified.exclude(pk=case.first_responder_id)[:8])
    return {
        "expert": PersonField(label=_("Expert"), help_text=qualified_here % {"names": names or "–"}),
        "text": _text(_("Question"), limit=4000),
    }


def _until() -> forms.Field:
    required = _("Say until when: a promise without a time is none.")
    field = MomentField(label=_("Until"), error_messages={"required": required})
    field.now = now()
    return field


def _promise(case: Case) -> forms.Field:
    open_ones = [
        (p.pk, f"{p.text} ({timezone.localtime(p.due_at):%Y-%m-%d %H:%M})")
        for p in case.promises.filter(settled_at=None)
    ]
    return forms.TypedChoiceField(label=_("Promise"), choices=open_ones, coerce=int)


def _number(label: Any, case: Case) -> forms.CharField:
    """The number of another case; those of the customer that are open stand beside the field."""
    others = Case.objects.open().filter(customer=case.customer_id, confidential=False).exclude(pk=case.pk)
    known = ", ".join(f"{other.number} {other.fault}" for other in others.order_by("-registered_at", "-id")[:5])
    help_text = gettext("Open cases of the customer: %(cases)s") % {"cases": known or "–"}
    return forms.CharField(
        label=label, help_text=help_text, max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


def _reopen(case: Case) -> dict[str, forms.Field]:
    fields: dict[str, forms.Field] = {
        "text": _text(_("Reason"), _("What the customer says now. The results so far stay as they are."), limit=2000)
    }
    if case.state != CaseState.RESTORED:
        fields["fault_returned"] = forms.BooleanField(
            label=_("The fault has returned"),
            help_text=_("Leave it out if the service runs: then no clock of restoration and no emergency begins."),
            required=False,
            initial=True,
        )
    return fields


def _split(case: Case) -> dict[str, forms.Field]:
    products = ProductType.objects.filter(service_line=case.service_line_id, is_active=True).order_by("name")
    return {
        "fault": forms.CharField(label=_("Fault in brief"), max_length=120),
        "product_type": forms.TypedChoiceField(
            label=_("Product type"),
            choices=[(product.pk, str(product)) for product in products],
            coerce=int,
            initial=case.product_type_id,
        ),
        "text": _text(_("Description"), _("It keeps acceptance and first responder, and is graded by itself.")),
    }


def _retype(case: Case) -> dict[str, forms.Field]:
    return {
        "request_type": forms.TypedChoiceField(
            label=_("Request type"),
            required=False,
            coerce=int,
            empty_value=None,
            initial=case.request_type_id,
            help_text=_("What was answered for the one before stays in the timeline; no clock moves."),
        ),
        "text": _text(_("Reason"), limit=2000),
    }


def _interval(case: Case) -> dict[str, forms.Field]:
    return {
        "minutes": forms.IntegerField(
            label=_("Every … minutes"),
            help_text=_("0 when the customer wishes no progress to be told."),
            min_value=0,
            max_value=LONGEST,
            initial=case.progress_seconds // 60 if case.progress_seconds else 60,
        ),
        "text": _text(_("With whom it was agreed"), limit=2000),
    }


#: What each move asks; one that is not here asks nothing.
FIELDS: Mapping[str, Callable[[Case], dict[str, forms.Field]]] = {
    "grade": _grade,
    "arrive": lambda _case: {"text": _text(_("Remark"), required=False)},
    "note": lambda case: {
        "text": _composed(
            case, TemplateUse.NOTE, _("Note"), _("@ names a colleague, who is told; / at the start offers templates.")
        )
    },
    "tell": lambda case: {
        "text": _composed(
            case,
            TemplateUse.CUSTOMER,
            _("What the customer was told"),
            _("In the words that were used; / at the start offers templates."),
        ),
        "channel": _channel(),
    },
    "observe": _observe,
    "wait": _wait,
    "restore": lambda _case: {
        "text": _text(_("How service was restored"), _("Everybody who was told of the emergency reads this."))
    },
    "resolve": lambda _case: {"outcome": _text(_("Outcome"), _("What was done and found; the cause if it is known."))},
    "reply": lambda case: {
        "reply": _composed(
            case,
            TemplateUse.CUSTOMER,
            _("Reply to the customer"),
            _("In the words that were used; no case closes without it; / at the start offers templates."),
        ),
        "channel": _channel(),
    },
    "reopen": _reopen,
    "interval": _interval,
    "retype": _retype,
    "split": _split,
    "link": lambda case: {
        "other": _number(_("Other case"), case),
        "relation": forms.ChoiceField(
            label=_("The other case"), choices=Relation.choices, initial=Relation.RELATED, widget=forms.RadioSelect
        ),
    },
    "merge": lambda case: {
        "into": _number(_("The case that goes on"), case),
        "text": _text(_("Reason"), _("This case ends; its clocks, promises and calls go on in the other."), limit=2000),
    },
    "cancel": lambda _case: {
        "text": _text(_("Reason for cancelling"), _("Its clocks end neither met nor breached."), limit=2000)
    },
    "hand_over": _hand_over,
    "decline": lambda _case: {
        "text": _text(_("Reason"), limit=2000),
        "not_mine": forms.BooleanField(
            label=_("It is not mine"),
            help_text=_("Then the first responder's chief decides where it goes."),
            required=False,
        ),
    },
    "promise": lambda _case: {
        "text": _text(
            _("What is promised"), _("A reply, a visit, a part: in the words the customer heard."), limit=500
        ),
        "due_at": _until(),
    },
    "keep": lambda case: {"promise": _promise(case), "text": _text(_("What was done"), limit=2000)},
    "postpone": lambda case: {
        "promise": _promise(case),
        "due_at": _until(),
        "text": _text(_("The reason that the customer was told"), limit=2000),
        "channel": _channel(),
    },
    "ask": _ask,
    "answer": lambda _case: {"text": _text(_("Answer"), _("The first responder grades after it."), limit=4000)},
}


class MoveForm(forms.Form):
    """The answers of one move, and in hidden fields what was on the screen: the case's version and last event."""

    version = forms.IntegerField(min_value=0, max_value=_LARGEST, widget=forms.HiddenInput)
    seen = forms.IntegerField(min_value=0, max_value=_LARGEST_ID, required=False, widget=forms.HiddenInput)
    draft = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)  # of the register form

    def __init__(self, verb: str, case: Case, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = FIELDS[verb](case) if verb in FIELDS else {}
        self.asked = tuple(fields)
        self.fields.update(fields)
        if verb in READ_BY_CUSTOMER:
            self._add_override()
        for name in self.asked[:1]:
            if not isinstance(fields[name].widget, forms.RadioSelect):
                fields[name].widget.attrs["autofocus"] = True

    def _add_override(self) -> None:
        """Words for the customer: marked for the check while typing, with room for a supervisor's reason (K3)."""
        for name in self.asked:
            if isinstance(self.fields[name].widget, forms.Textarea):
                self.fields[name].widget.attrs["data-language"] = "to_customer"
        self.fields["override"] = OverrideField()
        self.asked += ("override",)

    @property
    def names_here(self) -> Mapping[str, str]:
        """The form's name of each field that the verb names otherwise."""
        return {}

    @property
    def asks_for_words(self) -> bool:
        """Whether a text is written: then it is said who reads it."""
        return any(isinstance(self.fields[name].widget, forms.Textarea) for name in self.asked)

    @property
    def answers(self) -> dict[str, Any]:
        """What the verb takes, by the names of its arguments."""
        return {name: self.cleaned_data[name] for name in self.asked}

    @property
    def words(self) -> str:
        """The text among the answers as the timeline keeps it."""
        cleaned = getattr(self, "cleaned_data", {})
        return next((cleaned[name].strip() for name in ("text", "outcome", "reply") if cleaned.get(name)), "")

    def look_again(self, version: int, seen: int) -> None:
        """What was typed stays; the next press is about the case as it stands now."""
        data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
        data["version"], data["seen"] = str(version), str(seen)
        self.data = data


class RevealForm(forms.Form):
    """Why somebody looks at a number in full."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_(
            "It is recorded with your name and the time, for example: call back about the arrival of the engineer."
        ),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
