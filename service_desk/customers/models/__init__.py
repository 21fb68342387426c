"""Customer units with what belongs to them, and what the law asks for their data."""

from service_desk.customers.models.customers import Contact, Customer, InstalledProduct, PhoneNumber
from service_desk.customers.models.privacy import ErasurePass, LegalHold, PrivacyRequest, PrivacyRule

__all__ = [
    "Contact",
    "Customer",
    "ErasurePass",
    "InstalledProduct",
    "LegalHold",
    "PhoneNumber",
    "PrivacyRequest",
    "PrivacyRule",
]
