"""What changes on the REST ground: keys are issued, used and revoked; answers are kept and thrown away."""

import datetime
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from service_desk.audit.actions import record
from service_desk.rest import scopes as scope_register
from service_desk.rest.errors import Invalid, NotAllowed
from service_desk.rest.models import ApiKey, IdempotencyKey, KeptAnswer
from service_desk.rest.rules import LONGEST_LIFE, new_key, normal_networks

ANSWERS_KEPT = timedelta(days=7)
USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def issue_key(
    *,
    actor: AbstractBaseUser,
    owner: AbstractBaseUser,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime.datetime,
    allowed_networks: Iterable[str] = (),
) -> tuple[ApiKey, str]:
    """Issue a key that acts as `owner`, and return it with its text, which nobody can ever read again."""
    _demand_right(actor, owner, verb="apikey.issue", thing="-")
    name, wanted = name.strip(), sorted(set(scopes))
    networks = _checked_networks(allowed_networks)
    _check_name_and_scopes(name, wanted)
    _check_expiry(expires_at)
    text = new_key()
    key = ApiKey(
        name=name,
        owner_id=owner.pk,
        prefix=text.prefix,
        digest=text.digest,
        scopes=wanted,
        allowed_networks=networks,
        expires_at=expires_at,
    )
    key.save(force_insert=True)
    detail = {"owner": owner.pk, "scopes": wanted, "networks": networks, "expires_at": expires_at}
    record(verb="apikey.issue", thing=f"apikey:{key.pk}", actor=actor, detail=detail)
    return key, text.plaintext


@transaction.atomic
def revoke_key(*, actor: AbstractBaseUser, key: ApiKey) -> None:
    """Make a key useless from now on; revoking it again changes nothing."""
    _demand_right(actor, key.owner, verb="apikey.revoke", thing=f"apikey:{key.pk}")
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=Now()):
        record(verb="apikey.revoke", thing=f"apikey:{key.pk}", actor=actor)


def note_use(*, key: ApiKey, now: datetime.datetime) -> None:
    """Remember that the key was used, at most once a minute, so that a busy key does not write for each request."""
    if key.last_used_at is not None and now - key.last_used_at < USE_NOTED_EVERY:
        return
    unnoted = Q(last_used_at=None) | Q(last_used_at__lte=Now() - USE_NOTED_EVERY)
    ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=Now())


def keep_answer(*, caller: str, key: str, answer: KeptAnswer) -> None:
    """Keep the answer to a request for its repetition, in the transaction of the change it answers."""
    IdempotencyKey.objects.keep(answer, caller=caller, key=key)


def purge_answers() -> int:
    """Throw away the answers kept for longer than seven days; how many."""
    return IdempotencyKey.objects.filter(created_at__lt=Now() - ANSWERS_KEPT).delete()[0]


def _demand_right(actor: AbstractBaseUser, owner: models.Model, *, verb: str, thing: str) -> None:
    administers = bool(getattr(actor, "is_superuser", False))
    if actor.pk is None or not actor.is_active or not (administers or actor.pk == owner.pk):
        raise NotAllowed(_("Only an administrator may do this with another person's key."), verb=verb, thing=thing)


def _check_name_and_scopes(name: str, wanted: list[str]) -> None:
    if not name or len(name) > 100 or "\0" in name:
        raise Invalid(_("The name has 1 to 100 characters."), field="name")
    if not wanted:
        raise Invalid(_("A key needs at least one scope."), field="scopes")
    if strange := scope_register.unknown(wanted):
        raise Invalid(_("There is no scope %(scope)s.") % {"scope": strange[0]}, field="scopes")


def _checked_networks(networks: Iterable[str]) -> list[str]:
    try:
        return normal_networks(networks)
    except ValueError as error:
        raise Invalid(
            _("One of these is no network."), field="allowed_networks", remedy=_("Write it like 192.0.2.0/24.")
        ) from error


def _check_expiry(expires_at: datetime.datetime) -> None:
    now = ApiKey.objects.database_now()
    if not now < expires_at <= now + LONGEST_LIFE:
        raise Invalid(_("A key expires in the future, within one year."), field="expires_at")
