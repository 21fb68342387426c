"""The one place that decides: `can(user, verb, thing)`.

A room declares who may do its verbs with `@rule("case.restore")`; screens ask `can` to show or grey an action,
verbs call `require`, REST goes through the verbs. A refusal is audited by the door that reports it
(`people.middleware`, `rest.problems`), after the transaction has rolled back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from service_desk.rest.errors import NotAllowed

Reason = str | Promise


@dataclass(frozen=True)
class Decision:
    """Whether something is allowed and, when it is not, why, in words for the person who asked."""

    allowed: bool
    reason: Reason = ""

    def __bool__(self) -> bool:
        return self.allowed


YES = Decision(True)
Rule = Callable[[Any, Any], Decision | bool]
_rules: dict[str, Rule] = {}


def rule(*verbs: str) -> Callable[[Rule], Rule]:
    """Register the decorated `(user, thing) -> Decision | bool` as the rule of `verbs`."""

    def register(function: Rule) -> Rule:
        for verb in verbs:
            if verb in _rules:
                raise ValueError(f"{verb} has a rule already")
            _rules[verb] = function
        return function

    return register


def verbs() -> frozenset[str]:
    """Every verb that has a rule."""
    return frozenset(_rules)


def can(user: Any, verb: str, thing: Any = None) -> Decision:
    """Decide. Nobody who is logged out or deactivated may do anything; an unknown verb is a programming error."""
    decide = _rules[verb]
    if user is None or not getattr(user, "is_authenticated", False) or not user.is_active:
        return Decision(False, _("Please log in first."))
    answer = decide(user, thing)
    if isinstance(answer, Decision):
        return answer
    return YES if answer else Decision(False, _("Your roles do not include this."))


def require(user: Any, verb: str, thing: Any = None) -> None:
    """Raise `NotAllowed` (audited by the door) unless `can(user, verb, thing)`."""
    decision = can(user, verb, thing)
    if not decision:
        raise NotAllowed(str(decision.reason), verb=verb, thing=thing_key(thing))


def thing_key(thing: Any) -> str:
    """How the audit names a thing: 'case:123', or '-' for none."""
    if thing is None:
        return "-"
    if isinstance(thing, str):
        return thing
    return f"{thing._meta.model_name}:{thing.pk}"
