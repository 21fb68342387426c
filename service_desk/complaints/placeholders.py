"""What a case needs and a complaint may lack: the customer unit of a private person, the product of a mere service.

One row each for the whole desk, out of use, so that no list of customers or products tells who complained or that
somebody did.
"""

from __future__ import annotations

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from service_desk.customers.models import Customer
from service_desk.people.models import ProductType, ServiceLine


def complainant_of() -> Customer:
    """The customer unit of everybody who belongs to none."""
    with translation.override(settings.LANGUAGE_CODE):
        name = _("Private person")
    found = Customer.objects.filter(name=name, is_active=False).order_by("pk").first()
    return found or Customer.objects.create(name=name, is_active=False)


def service_of(line: ServiceLine) -> ProductType:
    """The service of a line as such."""
    with translation.override(settings.LANGUAGE_CODE):
        name = _("%(line)s as a service") % {"line": line.name}
    made, _fresh = ProductType.objects.get_or_create(name=name, defaults={"service_line": line, "is_active": False})
    return made
