"""The roles of the desk and what follows from them; no database, no clock."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(TextChoices):
    """What a member of staff is employed for; one person may have several."""

    FRONT_DESK = "front_desk", _("Front desk")
    FIELD_ENGINEER = "field_engineer", _("Field engineer")
    PRODUCT_EXPERT = "product_expert", _("Product expert")
    SUPERVISOR = "supervisor", _("Supervisor")
    DEPARTMENT_HEAD = "department_head", _("Department head")
    GM_MARKETING = "gm_marketing", _("General manager of marketing")
    GM_PRODUCT = "gm_product", _("General manager of the product division")
    QUALITY_INSPECTOR = "quality_inspector", _("Quality inspector")
    ADMINISTRATOR = "administrator", _("Administrator")
    AUDITOR = "auditor", pgettext_lazy("role", "Auditor")


class DutyRole(TextChoices):
    """What somebody must be on duty for at every moment (C18)."""

    HOTLINE = "hotline", _("Hotline")
    FIELD_ENGINEER = "field_engineer", _("Field engineer on duty")
    PRODUCT_EXPERT = "product_expert", _("Product expert on duty")
    DUTY_MANAGER = "duty_manager", _("Duty manager")
    EMERGENCY_GROUP = "emergency_group", _("Emergency handling group")
    GM_MARKETING = "gm_marketing", _("General manager of marketing")
    GM_PRODUCT = "gm_product", _("General manager of the product division")


class UnitKind(TextChoices):
    """What a place in the organisation is."""

    COMPANY = "company", _("Company")
    DEPARTMENT = "department", _("Department")
    SECTION = "section", _("Section")
    PRODUCT_CENTRE = "product_centre", _("Product centre")
    FIELD_OFFICE = "field_office", _("Field office")


class Theme(TextChoices):
    """Light, dark, or as the device says."""

    AUTO = "auto", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


#: Roles that take calls and work on cases.
DESK_ROLES = frozenset({Role.FRONT_DESK, Role.FIELD_ENGINEER, Role.PRODUCT_EXPERT, Role.SUPERVISOR})
#: Roles that lead others and may act on any case.
LEADING_ROLES = frozenset({Role.SUPERVISOR, Role.DEPARTMENT_HEAD, Role.GM_MARKETING, Role.GM_PRODUCT})
#: Roles that read everything that is not confidential.
READING_ROLES = DESK_ROLES | LEADING_ROLES | {Role.QUALITY_INSPECTOR, Role.ADMINISTRATOR, Role.AUDITOR}
