"""Who may do what with the phrasebook: the rules that `people.access.can` asks (K3, K4)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from service_desk.people.access import Decision, rule
from service_desk.people.rules import DESK_ROLES, LEADING_ROLES, READING_ROLES, Role

#: Who answers for the words that the desk uses.
_EDITORS = (Role.SUPERVISOR, Role.DEPARTMENT_HEAD, Role.QUALITY_INSPECTOR, Role.ADMINISTRATOR)


@rule("phrase.view", "language.check", "transcript.send")
def may_read(user: Any, _thing: Any) -> bool:
    """Everybody of the desk looks up phrases and has texts checked."""
    return bool(user.has_role(*READING_ROLES))


@rule("phrase.draft", "finding.dismiss", "phrase.use")
def may_draft(user: Any, _thing: Any) -> bool:
    """Whoever talks to customers may propose words, or say that a finding is no fault: a draft changes nothing yet."""
    return bool(user.has_role(*DESK_ROLES, *LEADING_ROLES, Role.QUALITY_INSPECTOR, Role.ADMINISTRATOR))


@rule("phrase.approve")
def may_approve(user: Any, version: Any) -> Decision | bool:
    """An editor, and never the author (K4)."""
    if not user.has_role(*_EDITORS):
        return False
    if version is not None and version.author_id == user.pk:
        return Decision(False, _("Somebody else approves what you have drafted."))
    return True


@rule("phrase.retire", "release.publish", "release.roll_back", "script.change")
def may_release(user: Any, _thing: Any) -> bool:
    """Editors."""
    return bool(user.has_role(*_EDITORS))


@rule("finding.view")
def may_view_findings(user: Any, _thing: Any) -> bool:
    """Findings name who wrote the words: for those who lead or inspect."""
    return bool(user.has_role(*LEADING_ROLES, Role.QUALITY_INSPECTOR, Role.ADMINISTRATOR, Role.AUDITOR))


@rule("language.override")
def may_override(user: Any, _thing: Any) -> bool:
    """A supervisor lets a text pass, with a reason (K3)."""
    return bool(user.has_role(Role.SUPERVISOR, Role.DEPARTMENT_HEAD))
