"""Keeps two people from overwriting each other: an update must name the version it was made from."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request

from service_desk.rest.errors import Refusal, Stale

ANY = "*"


class PreconditionRequired(Refusal):
    """The update does not say which version it was made from."""

    status = 428
    code = "if_match_required"


def etag_of(version: int | str) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def demand_match(request: Request, version: int | str) -> None:
    """Raise unless the request's If-Match names this version (or `*`): 428 when it is missing, 412 when it differs."""
    given = request.META.get("HTTP_IF_MATCH", "").strip()
    if not given:
        raise PreconditionRequired(
            _("The header If-Match is missing."),
            remedy=_("Send the ETag of the version that you read, so that nobody's change is overwritten."),
        )
    tags = {tag.strip() for tag in given.split(",")}
    if ANY not in tags and etag_of(version) not in tags:
        raise Stale(extra={"current_etag": etag_of(version)})


class EtagMixin(GenericAPIView[Any]):
    """Sends the ETag of the object shown, and demands it back as If-Match for the actions that update.

    The check here is made before the verb takes its lock; the verb repeats it under the lock when the view hands
    it `expected_version`.
    """

    version_field = "version"
    if_match_actions: frozenset[str] = frozenset({"update", "partial_update", "destroy", "put", "patch", "delete"})
    _shown_version: int | str | None = None

    def find(self) -> Any:
        """The object that the address names, for a view that has a shorter way to it than DRF's; else a 404."""
        return super().get_object()

    def get_object(self) -> Any:
        found = self.find()
        version: int | str = getattr(found, self.version_field)
        if self.needs_if_match(self.request.method or ""):
            demand_match(self.request, version)
        self.show_version(version)
        return found

    def needs_if_match(self, method: str) -> bool:
        """Whether the present action updates."""
        return (getattr(self, "action", None) or method.lower()) in self.if_match_actions

    def show_version(self, version: int | str) -> None:
        """The version that the answer shows; an updating action calls this with the new one."""
        self._shown_version = version

    @property
    def expected_version(self) -> int | str | None:
        """The version that the caller's change was made from, for the verb to check under its lock.

        None when the caller sent `*`, which means whatever version there is.
        """
        return None if self.request.META.get("HTTP_IF_MATCH", "").strip() == ANY else self._shown_version

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self._shown_version is not None and 200 <= response.status_code < 300 and "ETag" not in response.headers:
            response.headers["ETag"] = etag_of(self._shown_version)
        return super().finalize_response(request, response, *args, **kwargs)
