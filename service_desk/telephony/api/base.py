"""What every address of the phone door shares: its refusals in the contract's words, each one listed in the log."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from service_desk.audit.context import current
from service_desk.loop import connection_lost
from service_desk.rest.authentication import ApiKeyAuthentication, SessionAuthentication
from service_desk.rest.base import CleanParametersMixin
from service_desk.rest.permissions import HasScope
from service_desk.telephony.actions import note_refusal
from service_desk.telephony.gate import HasIntegrationScope, IntegrationAuthentication, message_id_of
from service_desk.telephony.models import Integration
from service_desk.telephony.problems import DoorProblem, Fault

RETRY_SECONDS = 2


class PhoneView(CleanParametersMixin):
    """Open to phone systems alone; `required_scopes` as everywhere."""

    only_phone_systems = True
    authentication_classes: Any = [IntegrationAuthentication]
    permission_classes: Any = [HasIntegrationScope]
    required_scopes: dict[str, str] = {}
    parameters: frozenset[str] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if strange := sorted(set(request.query_params) - self.parameters):
            faults = [Fault(name, "unknown_parameter", _("There is no such parameter here.")) for name in strange]
            raise DoorProblem("invalid-parameter", _("There is no such parameter here."), faults=faults)

    def handle_exception(self, exc: Exception) -> Any:
        """The contract's problem where it names one, else the ground's."""
        problem = _problem_of(exc)
        if problem is None:
            return super().handle_exception(exc)
        if problem.kind != "unavailable":
            self._log(problem)
        response = problem.response()
        setattr(response, "exception", True)  # noqa: B010  (as DRF marks its own)
        return response

    def _log(self, problem: DoorProblem) -> None:
        """List the refusal; reads of a list that go wrong are nobody's lost event."""
        request = self.request._request
        if request.method != "POST":
            return
        integration = request.META.get("desk.integration")
        note_refusal(
            integration_id=integration.pk if isinstance(integration, Integration) else None,
            status=problem.status,
            problem=problem.kind,
            detail=_told(problem),
            message_id=message_id_of(request),
            ip=current().ip,
        )


class SharedView(PhoneView):
    """Open to phone systems for what is theirs, and to staff and their keys."""

    only_phone_systems = False
    authentication_classes = [IntegrationAuthentication, ApiKeyAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated, HasScope, HasIntegrationScope]

    @property
    def integration(self) -> Integration | None:
        """The phone system that asks; None when it is a member of staff."""
        caller: Any = self.request.auth
        return caller if isinstance(caller, Integration) else None


def _told(problem: DoorProblem) -> str:
    places = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in problem.faults[:5])
    return f"{problem.detail} {places}".strip()


def _problem_of(error: Exception) -> DoorProblem | None:
    if isinstance(error, DoorProblem):
        return error
    if isinstance(error, RequestDataTooBig):
        return DoorProblem("too-large", _("A delivery has at most 1 MB."))
    if isinstance(error, exceptions.ParseError):
        return DoorProblem("invalid-json", str(error.detail))
    if isinstance(error, exceptions.UnsupportedMediaType):
        return DoorProblem("unsupported-media-type", str(error.detail))
    if connection_lost(error):
        return DoorProblem(
            "unavailable", _("The database does not answer; send it again with the same id."), retry_after=RETRY_SECONDS
        )
    return None
