"""What the tests of the policy and calendar pages share: filling in their forms as a browser would."""

from __future__ import annotations

from typing import Any

from django.test import Client

from service_desk.deadlines.forms.policies import PolicyForm, StepForm
from service_desk.deadlines.models import Policy

JUNK: tuple[str, ...] = (
    "\x00",
    "a\x00b",
    "9" * 400,
    "-1",
    "1e309",
    "NaN",
    "<script>",
    "'; DROP TABLE",
    "\ud800",
    "٣",
    " ",
)


def policy_form(policy: Policy, **changes: Any) -> dict[str, Any]:
    """The edit page's form of a policy as it stands, with some answers changed (`steps_0_code='…'` for a step)."""
    data = {name: value for name, value in PolicyForm.initial_of(policy).items() if value not in (None, False)}
    data |= {"steps-TOTAL_FORMS": len(policy.steps), "steps-INITIAL_FORMS": len(policy.steps)}
    for number, step in enumerate(policy.steps):
        initial = StepForm.initial_of(step)
        data |= {f"steps-{number}-{name}": value for name, value in initial.items() if value not in (None, False)}
    for name, value in changes.items():
        key = name.replace("steps_", "steps-", 1)
        data[f"steps-{key[6:].partition('_')[0]}-{key[6:].partition('_')[2]}" if key.startswith("steps-") else name] = (
            value
        )
    return {name: value for name, value in data.items() if value is not None}


def save(client: Client, policy: Policy, **changes: Any) -> Any:
    """Send the edit page's form."""
    return client.post(f"/policies/{policy.pk}/edit/", policy_form(policy, **changes))
