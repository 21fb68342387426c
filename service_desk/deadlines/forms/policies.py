"""The form of a policy: its target and its ladder row by row, each fault said beside its field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from service_desk.deadlines.models import Calendar, Policy
from service_desk.deadlines.rules import NEVER_PAUSED, ClockKind
from service_desk.deadlines.schedule import ScheduleError, StepKind, Target, parse_steps
from service_desk.deadlines.steps import CODE, LEAST_REPEAT, MOST_REPEAT, MOST_STEPS
from service_desk.deadlines.words import STEP_KINDS, slot_choices

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_TARGET_UNITS = (
    ("min", gettext_lazy("minutes")),
    ("h", gettext_lazy("hours")),
    ("d", gettext_lazy("days of 24 hours")),
    ("s", gettext_lazy("seconds")),
    ("wd", gettext_lazy("working days")),
)
_STEP_UNITS = (
    ("share", gettext_lazy("% of the time")),
    ("after_start:min", gettext_lazy("minutes after the start")),
    ("after_start:h", gettext_lazy("hours after the start")),
    ("after_start:s", gettext_lazy("seconds after the start")),
    ("after_due:min", gettext_lazy("minutes after the due time")),
    ("after_due:h", gettext_lazy("hours after the due time")),
    ("after_due:s", gettext_lazy("seconds after the due time")),
)
_KEY = re.compile(r"steps\[(\d+)\]\.?([a-z_]*)")
_FIELD_OF = {"at": "amount", "repeat_seconds": "repeat"}


class PolicyForm(forms.Form):
    """What a policy demands; the version that was read travels along, so that nobody overwrites another unseen."""

    amount = forms.IntegerField(label=gettext_lazy("Target"), min_value=1, max_value=99_999_999)
    unit = forms.ChoiceField(label=pgettext_lazy("measure", "Unit"), choices=_TARGET_UNITS)
    calendar: Any = forms.ModelChoiceField(
        label=gettext_lazy("Counts on"),
        queryset=Calendar.objects.none(),
        required=False,
        empty_label=gettext_lazy("round the clock (elapsed time)"),
    )
    may_pause = forms.BooleanField(
        label=gettext_lazy("May be paused while the case waits"),
        required=False,
        help_text=gettext_lazy("Waiting for the customer, for a part or for somebody outside holds the clock."),
    )
    read = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)

    def __init__(self, *args: Any, policy: Policy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy = policy
        calendar = self.fields["calendar"]
        assert isinstance(calendar, forms.ModelChoiceField)  # noqa: S101 - tells mypy what stands above
        calendar.queryset = Calendar.objects.all()
        if policy.kind in NEVER_PAUSED:
            del self.fields["may_pause"]
        if policy.kind == ClockKind.EMERGENCY:
            del self.fields["calendar"]

    @staticmethod
    def initial_of(policy: Policy) -> dict[str, Any]:
        """A version as the form shows it."""
        if policy.target_working_days is not None:
            amount, unit = policy.target_working_days, "wd"
        else:
            amount, unit = _in_units(policy.target_seconds or 0, ("d", "h", "min", "s"))
        return {
            "amount": amount,
            "unit": unit,
            "calendar": policy.calendar_id,
            "may_pause": policy.may_pause,
            "read": policy.pk,
        }

    def clean(self) -> dict[str, Any]:
        """The target must be one that the arithmetic can reach."""
        data = super().clean() or {}
        if "amount" not in data or "unit" not in data:
            return data
        if data["unit"] == "wd" and not data.get("calendar"):
            where = "calendar" if "calendar" in self.fields else "unit"
            self.add_error(where, _("Working days need a working calendar. Choose one, or give the target in hours."))
        try:
            days = data["amount"] if data["unit"] == "wd" else None
            seconds = None if days else data["amount"] * SECONDS[data["unit"]]
            Target(duration=None if seconds is None else timedelta(seconds=seconds), working_days=days)
        except ScheduleError as error:
            self.add_error("amount", " ".join(message for _key, message in error.problems))
        return data

    def changes(self) -> dict[str, Any]:
        """Only what differs from the version that was read."""
        data = self.cleaned_data
        days = data["amount"] if data["unit"] == "wd" else None
        given = {
            "target_working_days": days,
            "target_seconds": None if days else data["amount"] * SECONDS[data["unit"]],
            "calendar_id": data["calendar"].pk if data.get("calendar") else None,
            "may_pause": data.get("may_pause", False),
        }
        return {name: value for name, value in given.items() if value != getattr(self.policy, name)}


class StepForm(forms.Form):
    """One step of the ladder."""

    code = forms.CharField(
        label=gettext_lazy("Short name"),
        max_length=40,
        validators=[ProhibitNullCharactersValidator()],
        help_text=gettext_lazy(
            "<code>a-z 0-9 _</code>, such as <code>warn_75</code>; the history of clocks names the step by it."
        ),
    )
    amount = forms.DecimalField(label=gettext_lazy("When"), min_value=0, max_digits=10, decimal_places=2)
    unit = forms.ChoiceField(label=gettext_lazy("Counted as"), choices=_STEP_UNITS)
    kind = forms.ChoiceField(label=gettext_lazy("What it says"), choices=list(STEP_KINDS.items()))
    slots = forms.MultipleChoiceField(
        label=gettext_lazy("Whom it tells"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )
    needs_ack = forms.BooleanField(label=gettext_lazy("Must be acknowledged"), required=False)
    repeat = forms.DecimalField(
        label=gettext_lazy("Repeated every … minutes"),
        min_value=0,
        max_digits=8,
        decimal_places=2,
        required=False,
        help_text=gettext_lazy("Until somebody acknowledges it. Empty: one notice only."),
    )

    def __init__(self, *args: Any, kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        slots = self.fields["slots"]
        assert isinstance(slots, forms.MultipleChoiceField)  # noqa: S101 - tells mypy what stands above
        known = slot_choices(kind)
        wanted = self.initial.get("slots") or []
        slots.choices = [*known.items(), *((code, code) for code in wanted if code not in known)]
        for name in ("code", "amount", "repeat"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        """In the words of this page, what the arithmetic would say in those of the policy's keys."""
        data = super().clean() or {}
        amount, repeat = data.get("amount"), data.get("repeat")
        if amount is not None and data.get("unit") == "share" and not 0 < amount <= 100:
            self.add_error("amount", _("Write a share from 1 to 100; what comes later is counted after the due time."))
        if "code" in data and not CODE.fullmatch(data["code"]):
            self.add_error("code", _("Begin with a letter; only a-z, 0-9 and _ may stand in it."))
        if repeat is not None and not data.get("needs_ack"):
            self.add_error("repeat", _("Only a step that must be acknowledged is repeated: nothing else would end it."))
        elif repeat is not None and not LEAST_REPEAT <= repeat * 60 <= MOST_REPEAT:
            self.add_error("repeat", _("Write a time from 10 seconds (0.17) to 7 days (10080)."))
        return data

    @staticmethod
    def initial_of(step: Mapping[str, Any]) -> dict[str, Any]:
        """A step of a policy as the form shows it."""
        ((name, value),) = step["at"].items()
        if name == "share":
            amount, unit = Decimal(str(value)) * 100, "share"
        else:
            number, size = _in_units(int(value), ("h", "min", "s"))
            amount, unit = Decimal(number), f"{name}:{size if value else 'min'}"
        repeat = step.get("repeat_seconds")
        return {
            "code": step["code"],
            "amount": _plain(amount),
            "unit": unit,
            "kind": step["kind"],
            "slots": list(step["slots"]),
            "needs_ack": step.get("needs_ack", False),
            "repeat": _plain(Decimal(repeat) / 60) if repeat else None,
        }

    def to_json(self) -> dict[str, Any]:
        """As a policy keeps it."""
        data = self.cleaned_data
        name, _colon, size = data["unit"].partition(":")
        value: float = float(data["amount"] / 100) if name == "share" else round(data["amount"] * SECONDS[size])
        repeat = data.get("repeat")
        return {
            "code": data["code"],
            "at": {name: int(value) if value == int(value) else value},
            "slots": list(data["slots"]),
            "kind": data["kind"],
            "needs_ack": data["needs_ack"],
            "repeat_seconds": round(repeat * 60) if repeat else None,
        }


class BaseLadder(forms.BaseFormSet[StepForm]):
    """The steps together, checked as the arithmetic will read them."""

    def add_fields(self, form: StepForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = _("Remove this step")

    def clean(self) -> None:
        if any(form.errors for form in self.kept):
            return
        kept = self.kept
        try:
            parse_steps([form.to_json() for form in kept])
        except ScheduleError as error:
            for key, message in error.problems:
                _say(kept, key, message)
            raise ValidationError(_("The ladder cannot be used like this."), code="ladder") from error

    @property
    def kept(self) -> list[StepForm]:
        """The steps that are not to be removed."""
        return [form for form in self.forms if not (self.can_delete and self._should_delete_form(form))]  # type: ignore[attr-defined]

    def steps(self) -> list[dict[str, Any]]:
        """The ladder as a policy keeps it."""
        return [form.to_json() for form in self.kept]

    def raw(self) -> list[dict[str, Any]]:
        """What was typed, row by row, for a form with a row more or in another order."""
        return [{name: form[name].value() for name in form.fields if name != "DELETE"} for form in self.forms]


def _say(forms_: Sequence[StepForm], key: str, message: str) -> None:
    found = _KEY.match(key)
    if found is None or int(found[1]) >= len(forms_):
        return
    form, name = forms_[int(found[1])], _FIELD_OF.get(found[2], found[2])
    form.add_error(name if name in form.fields else None, message)


LadderForms = forms.formset_factory(
    StepForm,
    formset=BaseLadder,
    extra=0,
    can_delete=True,
    max_num=MOST_STEPS,
    absolute_max=MOST_STEPS + 10,
    validate_max=True,
)


def _in_units(seconds: int, units: Sequence[str]) -> tuple[int, str]:
    """The largest unit in which it is a whole number; a single day is said in hours."""
    for unit in units:
        if seconds and seconds % SECONDS[unit] == 0 and (unit != "d" or seconds > SECONDS["d"]):
            return seconds // SECONDS[unit], unit
    return seconds, units[-1]


def _plain(number: Decimal) -> str:
    """Without trailing noughts, never in powers of ten."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def new_step() -> dict[str, Any]:
    """What a further row begins with."""
    return {"unit": "after_due:min", "kind": StepKind.ESCALATION.value, "slots": []}
