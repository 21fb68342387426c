"""Which suggestions findings of the language check stand in, for those who may read them (P6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from service_desk.complaints.models import Suggestion
from service_desk.knowledge.places import Place, register


def _suggestions(user: Any, names: Collection[str]) -> Mapping[str, Place]:
    """`suggestion:<number>`."""
    wanted = [int(name) for name in names if name.isascii() and name.isdigit()]
    found = Suggestion.objects.visible_to(user).select_related("unit").filter(pk__in=wanted)
    return {
        str(one.pk): Place(_("Suggestion for %(unit)s") % {"unit": one.unit}, reverse("suggestion", args=[one.pk]))
        for one in found
    }


register("suggestion", _suggestions)
