"""What a key may be used for: the scope its view names for the action, and nothing a view forgot to name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from service_desk.rest.models import ApiKey

if TYPE_CHECKING:  # DRF loads this module, a default of its settings, while it is still making APIView
    from rest_framework.views import APIView


def required_scope(view: APIView, method: str) -> str | None:
    """The scope that `view.required_scopes` names for the present action (viewset) or method (plain view)."""
    scopes: dict[str, str] = getattr(view, "required_scopes", {})
    action = getattr(view, "action", None) or method.lower()
    return scopes.get("retrieve" if action == "head" else action) or scopes.get("*")


class HasScope(BasePermission):
    """A key needs the scope of the action; a session has the person's own rights, all of them.

    `required_scopes = {"list": "cases:read", "create": "cases:write", "*": "cases:read"}`; an action that is not
    named (and no `*`) is closed to keys.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiKey) or not _exists(view, request.method or ""):
            return True  # a session; or there is no such method here, which is answered by 405
        scope = required_scope(view, request.method or "")
        if scope is None:
            self.message = _("This operation is not open to API keys.")
            return False
        self.message = _("This API key lacks the scope %(scope)s.") % {"scope": scope}
        self.code = "scope_missing"
        return scope in request.auth.scopes


def _exists(view: APIView, method: str) -> bool:
    return method.lower() in view.http_method_names and hasattr(view, method.lower())
