"""The verbs of the second step: set up, confirm, prove, new codes, take away, and who must have one; all audited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from service_desk.audit.actions import record, record_refusal
from service_desk.people import codes
from service_desk.people.access import require
from service_desk.people.logins import end_sessions
from service_desk.people.models import RecoveryCode, SecondStep, SecondStepRule, Staff
from service_desk.people.roster import database_now
from service_desk.people.rules import Role
from service_desk.rest.errors import Conflict, Invalid
from service_desk.rest.vault import Vault

_vault = Vault(b"service desk: second steps")
#: So many wrong codes in a row, then nothing is tried for a while: six figures cannot be guessed at that pace.
TRIES = 5
LOCK_MINUTES = 10


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the app needs: the key to type, and the address for the picture."""

    secret: str
    address: str


def is_on(staff: Staff) -> bool:
    """Whether this person's log-in has a second step."""
    return SecondStep.objects.filter(staff=staff, confirmed_at__isnull=False).exists()


def is_demanded(staff: Staff) -> bool:
    """Whether one of this person's roles must have one."""
    return staff.has_role(*SecondStepRule.in_force())


def begin(*, actor: Staff) -> SetUp:
    """A key for one's own app; until it is confirmed it can be read again and changes nothing."""
    with transaction.atomic():
        require(actor, "account.own", actor)
        row, _made = SecondStep.objects.select_for_update().get_or_create(staff=actor)
        if row.confirmed_at is not None:
            raise Conflict(_("The second step is on already."))
        secret = _vault.unlock(row.secret)
        if secret is None:
            secret = codes.new_secret()
            row.secret = _vault.lock(secret)
            row.save(update_fields=["secret"])
    return SetUp(secret, codes.address(secret, name=actor.username, company=settings.COMPANY_NAME))


def confirm(*, actor: Staff, code: str) -> list[str]:
    """The app shows the right code: from now on it is asked for. Gives the codes for the paper, this once."""
    _demand_tries(actor)
    if not _matches(actor, code, confirmed=False):
        raise _wrong(actor, "account.second_step_on")
    with transaction.atomic():
        SecondStep.objects.filter(staff=actor).update(confirmed_at=database_now(), failures=0, locked_until=None)
        record(verb="account.second_step_on", thing=f"staff:{actor.pk}", actor=actor)
        return _write_codes(actor)


def prove(*, actor: Staff, code: str) -> None:
    """The code of the app or one from the paper, each once. Raises Invalid; after some wrong ones for a while."""
    _demand_tries(actor)
    if _matches(actor, code, confirmed=True):
        return
    with transaction.atomic():
        used = RecoveryCode.objects.filter(staff=actor, digest=_digest(actor, code), used_at=None).update(
            used_at=database_now()
        )
        if used:
            _forget_failures(actor)
            left = RecoveryCode.objects.filter(staff=actor, used_at=None).count()
            record(verb="account.recovery_code", thing=f"staff:{actor.pk}", actor=actor, detail={"codes_left": left})
            return
    raise _wrong(actor, "account.second_step")


def new_codes(*, actor: Staff) -> list[str]:
    """Ten new codes for the paper; the old ones open nothing any more."""
    with transaction.atomic():
        require(actor, "account.own", actor)
        if not is_on(actor):
            raise Conflict(_("The second step is not on."))
        record(verb="account.recovery_codes", thing=f"staff:{actor.pk}", actor=actor)
        return _write_codes(actor)


def take_away(*, actor: Staff, staff: Staff) -> None:
    """Without a second step again: one's own where no role demands it, or somebody's who lost app and paper."""
    with transaction.atomic():
        own = actor.pk == staff.pk
        require(actor, "account.own" if own else "staff.administer", staff)
        if own and is_demanded(staff):
            raise Conflict(_("Your role must log in with a second step. An administrator can let you set it up anew."))
        RecoveryCode.objects.filter(staff=staff).delete()
        gone, _rows = SecondStep.objects.filter(staff=staff).delete()
        if not gone:
            raise Conflict(_("The second step is not on."))
        if not own:
            end_sessions(staff)
        record(verb="account.second_step_off", thing=f"staff:{staff.pk}", actor=actor)


def demand_for(*, actor: Staff, roles: Iterable[str]) -> SecondStepRule:
    """These roles must have a second step from now on; who has none is asked to set it up at the next log-in."""
    with transaction.atomic():
        require(actor, "staff.administer", actor)
        wanted = sorted(set(roles))
        if not set(wanted) <= set(Role.values):
            raise Invalid(_("Please choose one of the values."), field="roles", code="invalid_choice")
        before = SecondStepRule.in_force()
        rule = SecondStepRule.objects.create(roles=wanted, by=actor)
        newly = [role for role in wanted if role not in before]
        if newly:
            lacking = Staff.objects.with_role(*newly).exclude(second_step__confirmed_at__isnull=False)
            for staff in lacking.exclude(pk=actor.pk):
                end_sessions(staff)
        record(verb="staff.second_step_rule", thing="staff:*", actor=actor, detail={"roles": wanted})
    return rule


def _matches(actor: Staff, code: str, *, confirmed: bool) -> bool:
    """Whether the app shows this code now; it is used up by this."""
    with transaction.atomic():
        row = SecondStep.objects.select_for_update().filter(staff=actor, confirmed_at__isnull=not confirmed).first()
        secret = _vault.unlock(row.secret) if row else None
        step = codes.step_of(secret, code, now=database_now(), after=row.last_step) if row and secret else None
        if row is None or step is None:
            return False
        row.last_step, row.failures, row.locked_until = step, 0, None
        row.save(update_fields=["last_step", "failures", "locked_until"])
    return True


def _demand_tries(actor: Staff) -> None:
    row = SecondStep.objects.filter(staff=actor).first()
    if row is None:
        raise Conflict(_("The second step is not on."))
    if row.locked_until is not None and row.locked_until > database_now():
        raise Invalid(
            _("Too many wrong codes."),
            field="code",
            code="locked",
            remedy=_("Wait %(minutes)s minutes, then try again.") % {"minutes": LOCK_MINUTES},
        )


def _wrong(actor: Staff, verb: str) -> Invalid:
    """Counts a wrong code, outside what may be rolled back, and says what to do."""
    with transaction.atomic():
        row = SecondStep.objects.select_for_update().get(staff=actor)
        row.failures += 1
        if row.failures >= TRIES:
            row.failures, row.locked_until = 0, database_now() + timedelta(minutes=LOCK_MINUTES)
        row.save(update_fields=["failures", "locked_until"])
        record_refusal(verb=verb, thing=f"staff:{actor.pk}", actor=actor, reason="wrong code")
    return Invalid(
        _("This code is not right, or has been used."),
        field="code",
        code="wrong_code",
        remedy=_("Type the one that the app shows now. If the telephone's clock is wrong, let it set itself."),
    )


def _forget_failures(actor: Staff) -> None:
    SecondStep.objects.filter(staff=actor).exclude(failures=0, locked_until=None).update(failures=0, locked_until=None)


def _write_codes(staff: Staff) -> list[str]:
    RecoveryCode.objects.filter(staff=staff).delete()
    fresh = codes.new_codes()
    RecoveryCode.objects.bulk_create(RecoveryCode(staff=staff, digest=_digest(staff, code)) for code in fresh)
    return fresh


def _digest(staff: Staff, code: str) -> str:
    """What is stored of a code: an HMAC under the desk's key, of its person."""
    return salted_hmac(f"people.recovery:{staff.pk}", codes.plain(code), algorithm="sha256").hexdigest()
