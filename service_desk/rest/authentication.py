"""Who is calling: a program with an API key, or a person's browser session with its CSRF token."""

import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.translation import gettext as _
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from service_desk.audit.context import current, set_label
from service_desk.rest.actions import note_use
from service_desk.rest.models import ApiKey
from service_desk.rest.rules import address_in, parse_key, same_digest

CHALLENGE = 'Bearer realm="service desk"'


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer sdk_…`: the caller is the key's owner, `request.auth` is the key."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, ApiKey] | None:
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key, now = self._key(text.strip())
        reason = self._refusal(key, now, request)
        if reason:
            raise AuthenticationFailed(reason, code="key_refused")
        note_use(key=key, now=now)
        set_label(f"key:{key.pk} {key.name}")
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE

    @staticmethod
    def _key(text: str) -> tuple[ApiKey, datetime.datetime]:
        """The genuine key of this text, and the database's present time."""
        parsed = parse_key(text)
        found = ApiKey.objects.presented(parsed.prefix) if parsed else None
        if parsed is None or found is None or not same_digest(found[0].digest, parsed.digest):
            raise AuthenticationFailed(_("There is no such API key."), code="key_unknown")
        return found

    @staticmethod
    def _refusal(key: ApiKey, now: datetime.datetime, request: Request) -> str:
        """Why this genuine key is refused; empty when it is not. Only its holder learns the reason."""
        if key.revoked_at is not None:
            return _("This API key has been revoked.")
        if key.expires_at <= now:
            return _("This API key has expired.")
        if not key.owner.is_active:
            return _("The owner of this API key is no longer active.")
        address = current().ip or request.META.get("REMOTE_ADDR")
        if key.allowed_networks and not address_in(address, key.allowed_networks):
            return _("This API key may not be used from this network.")
        return ""


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session; every unsafe request must bear the CSRF token (403), no session at all is 401."""

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied(
                _("The CSRF token is missing or wrong; send it in the header X-CSRFToken."), code="csrf"
            ) from error
