"""Who may do what with notices (`people.access` asks these), and what an API key may be given."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from service_desk.notices.kinds import CONFIDENTIAL
from service_desk.notices.models import Notice
from service_desk.people.access import Decision, rule
from service_desk.people.directory import Directory
from service_desk.people.models import Staff
from service_desk.people.rules import LEADING_ROLES, Role
from service_desk.rest import scopes

SCOPE_READ = scopes.register("notices:read", gettext_lazy("Read one's own notices"))
SCOPE_WRITE = scopes.register("notices:write", gettext_lazy("Acknowledge notices"))


@rule("notice.acknowledge")
def _acknowledge(user: Staff, notice: Notice) -> Decision | bool:
    """The recipient, who stands in for them or was stood in for, whoever is above them, or a supervisor."""
    if user.pk in (notice.recipient_id, notice.instead_of_id):
        return True
    confidential = bool(notice.facts.get(CONFIDENTIAL))  # of a complaint only those who were told know (P6)
    if user.has_role(Role.SUPERVISOR) and not confidential:
        return True
    if notice.recipient_id is not None and not confidential:
        directory = Directory.load()
        if directory.present(notice.recipient_id) == user.pk or user.pk in directory.superiors(notice.recipient_id):
            return True
    if Notice.objects.filter(chain=notice.chain, recipient=user).exists():
        return True
    return Decision(False, _("Only the recipient, their deputy, their superiors or a supervisor may acknowledge this."))


@rule("notice.call_in")
def _call_in(user: Staff, notice: Notice) -> Decision | bool:
    """Who leads; of what is confidential only those who were told know (P6)."""
    if not user.has_role(*LEADING_ROLES):
        return Decision(False, _("Only who leads the desk calls in a deputy."))
    confidential = bool(notice.facts.get(CONFIDENTIAL)) or notice.private
    return not confidential or Notice.objects.filter(chain=notice.chain, recipient=user).exists()


@rule("notice.read")
def _read(user: Staff, notice: Notice) -> Decision | bool:
    if user.pk == notice.recipient_id:
        return True
    return Decision(False, _("This notice went to somebody else."))


@rule("notice.redrive", "notice.undelivered")
def _redrive(user: Staff, _thing: object) -> bool:
    return user.has_role(Role.SUPERVISOR, Role.ADMINISTRATOR)


@rule("notice.test")
def _test(user: Staff, recipient: Staff) -> bool:
    return user.pk == recipient.pk or user.has_role(Role.ADMINISTRATOR)


@rule("notice.addresses")
def _addresses(user: Staff, _thing: object) -> bool:
    """Robots and webhooks of units and of the desk."""
    return user.has_role(Role.ADMINISTRATOR)


@rule("notice.mail_folder")
def _mail_folder(user: Staff, _thing: object) -> bool:
    """Everybody opens mail to themselves; this is about all of it."""
    return user.has_role(Role.ADMINISTRATOR)


@rule("notice.own_addresses")
def _own_addresses(user: Staff, owner: Staff | None) -> bool:
    return owner is not None and user.pk == owner.pk
