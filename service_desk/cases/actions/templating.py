"""Keeping templates for notes and replies: one's own, and shared ones by those who lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.cases.actions.changing import chosen, said
from service_desk.cases.models import NoteTemplate
from service_desk.cases.models.note_templates import TemplateScope, TemplateUse
from service_desk.cases.templating import SLOTS, unknown_slots
from service_desk.people.access import require
from service_desk.people.models import ServiceLine, Unit
from service_desk.rest.clean import demand_clean
from service_desk.rest.errors import Invalid

_NAME, _TEXT = 80, 4000


@dataclass(frozen=True, slots=True)
class TemplateWords:
    """What a template says and who may use it."""

    name: str
    text: str
    use: str = TemplateUse.NOTE
    scope: str = TemplateScope.OWN
    unit: Unit | None = None
    service_line: ServiceLine | None = None


def save_template(*, actor: Any, words: TemplateWords, template: NoteTemplate | None = None) -> NoteTemplate:
    """Write a new template, or change one; raises NotAllowed, or Invalid naming the field."""
    with transaction.atomic():
        if template is not None:
            template = NoteTemplate.objects.select_for_update().get(pk=template.pk)
            require(actor, "note_template.change", template)
        demand_clean({"name": words.name, "text": words.text})
        kept = template or NoteTemplate(owner=actor)
        kept.name = said(" ".join((words.name or "").split()), "name", limit=_NAME)
        kept.text = _checked(said(words.text, "text", limit=_TEXT))
        kept.use = chosen(words.use, TemplateUse, "use")
        kept.scope = chosen(words.scope, TemplateScope, "scope")
        kept.unit, kept.service_line = _whose(kept.scope, words)
        if kept.scope != TemplateScope.OWN:
            require(actor, "note_template.share")
        kept.changed_at = Now()
        _write(kept)
        record(
            verb="note_template.change" if template else "note_template.add",
            thing=f"note_template:{kept.pk}",
            actor=actor,
            detail={"name": kept.name, "scope": kept.scope},
        )
    return kept


def remove_template(*, actor: Any, template: NoteTemplate) -> None:
    """Take a template away; what was written with it stays."""
    with transaction.atomic():
        require(actor, "note_template.change", template)
        record(
            verb="note_template.remove",
            thing=f"note_template:{template.pk}",
            actor=actor,
            detail={"name": template.name, "text": template.text},
        )
        template.delete()


def _checked(text: str) -> str:
    unknown = unknown_slots(text)
    if unknown:
        raise Invalid(
            _("There is no slot {%(name)s}.") % {"name": unknown[0]},
            field="text",
            code="unknown_slot",
            remedy=_("There are: %(names)s.") % {"names": " ".join(f"{{{name}}}" for name in SLOTS)},
        )
    return text


def _whose(scope: str, words: TemplateWords) -> tuple[Unit | None, ServiceLine | None]:
    """The unit or the service line that the scope asks for, and nothing that it does not."""
    if scope == TemplateScope.UNIT and words.unit is None:
        raise Invalid(_("Please choose one."), field="unit", code="required")
    if scope == TemplateScope.LINE and words.service_line is None:
        raise Invalid(_("Please choose one."), field="service_line", code="required")
    return (
        words.unit if scope == TemplateScope.UNIT else None,
        words.service_line if scope == TemplateScope.LINE else None,
    )


def _write(template: NoteTemplate) -> None:
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError as error:
        raise Invalid(
            _("You have a template of this name already."), field="name", code="exists", remedy=_("Choose another.")
        ) from error
