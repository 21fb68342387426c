"""Units as a tree, and the people in them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from service_desk.people.rules import LEADING_ROLES, Role, Theme, UnitKind


class Unit(models.Model):
    """A place in the organisation (部门/科室/代表处/产品子中心) with its section chief and department head."""

    name = models.CharField(_("Name"), max_length=120, unique=True)
    kind = models.CharField(_("Kind"), max_length=20, choices=UnitKind)
    parent = models.ForeignKey(
        "self", verbose_name=_("Belongs to"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    section_chief = models.ForeignKey(
        "people.Staff",
        verbose_name=_("Section chief"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    department_head = models.ForeignKey(
        "people.Staff",
        verbose_name=_("Department head"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("Unit")
        verbose_name_plural = _("Units")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="unit_is_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name


class StaffManager(BaseUserManager["Staff"]):
    """Reads and creates members of staff."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> Staff:
        """A member of staff who can log in with `password` (argon2); without one, only after a reset."""
        staff = self.model(username=self.model.normalize_username(username), **fields)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> Staff:
        """An administrator, for `manage.py createsuperuser`."""
        fields.setdefault("roles", [Role.ADMINISTRATOR])
        return self.create_user(username, password, **fields)

    def with_role(self, *roles: str) -> models.QuerySet[Staff]:
        """Active staff who have at least one of `roles`."""
        return self.filter(is_active=True, roles__overlap=list(roles))


class Staff(AbstractBaseUser):
    """Anyone who logs in."""

    username = models.CharField(_("User name"), max_length=60, unique=True, validators=[UnicodeUsernameValidator()])
    full_name = models.CharField(pgettext_lazy("person", "Name"), max_length=80)
    unit = models.ForeignKey(
        Unit, verbose_name=_("Unit"), null=True, blank=True, on_delete=models.PROTECT, related_name="staff"
    )
    roles: Any = ArrayField(
        models.CharField(max_length=30, choices=Role), verbose_name=_("Roles"), default=list, blank=True
    )
    email = models.EmailField(_("E-mail"), blank=True)
    mobile = models.CharField(_("Mobile"), max_length=32, blank=True)
    language = models.CharField(
        _("Language"), max_length=10, blank=True, choices=[("zh-hans", _("Chinese")), ("en", _("English"))]
    )
    theme = models.CharField(_("Theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    is_active = models.BooleanField(_("Active"), default=True)
    #: A trigger keeps it, so that it is right whatever door a password is changed by.
    password_set_at = models.DateTimeField(_("Password since"), null=True, db_default=Now(), editable=False)
    date_joined = models.DateTimeField(_("Since"), db_default=Now(), editable=False)

    objects: ClassVar[StaffManager] = StaffManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        verbose_name = _("Member of staff")
        verbose_name_plural = _("Staff")
        ordering = ["username"]
        indexes = [GinIndex(fields=["roles"], name="staff_roles")]
        constraints = [
            models.CheckConstraint(condition=Q(roles__contained_by=list(Role.values)), name="staff_roles_are_known"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    def has_role(self, *roles: str) -> bool:
        """Whether this person has at least one of `roles`."""
        return not set(roles).isdisjoint(self.roles)

    @property
    def leads(self) -> bool:
        """Whether this person leads others (supervisor and upward)."""
        return self.has_role(*LEADING_ROLES)

    # What Django's admin asks of a user; only administrators get in.
    @property
    def is_staff(self) -> bool:
        return self.is_active and self.has_role(Role.ADMINISTRATOR)

    @property
    def is_superuser(self) -> bool:
        return self.is_staff

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_staff

    def has_perms(self, perm_list: Any, obj: object = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class Absence(models.Model):
    """A time during which somebody's deputy is told instead (D10)."""

    staff = models.ForeignKey(Staff, verbose_name=_("Who"), on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField(_("From"))
    ends_at = models.DateTimeField(_("Until"))
    deputy = models.ForeignKey(Staff, verbose_name=_("Deputy"), on_delete=models.PROTECT, related_name="stands_in_for")
    reason = models.CharField(_("Reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("Absence")
        verbose_name_plural = _("Absences")
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="absence_ends_after_it_starts"),
            models.CheckConstraint(condition=~Q(deputy=F("staff")), name="absence_deputy_is_somebody_else"),
            # int8range(x, x, '[]') lets GiST compare for equality without the btree_gist extension.
            ExclusionConstraint(
                name="absence_one_at_a_time",
                expressions=[
                    (
                        Func(F("staff_id"), F("staff_id"), models.Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (Func(F("starts_at"), F("ends_at"), function="tstzrange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff}: {self.starts_at:%Y-%m-%d} – {self.ends_at:%Y-%m-%d}"
