"""The refusals that verbs raise, so that a page and the REST interface tell the same story in their own form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

NOTHING_HERE = _("There is no such thing here.")
CHANGED_MEANWHILE = _("Somebody else has changed this in the meantime.")
READ_AGAIN = _("Read it again, look at what changed, and repeat your change.")


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with one field; `field` is empty when it concerns the whole."""

    field: str
    message: Text
    code: str = "invalid"
    remedy: Text = ""


class Refusal(Exception):  # noqa: N818  (a refusal is an answer, not a fault of the program)
    """A verb was not carried out, for a reason that the person can be told; nothing was written.

    `code` is stable for machines, `message` says what is wrong, `remedy` what to do about it,
    `field` names the input concerned; `extra` are further members of the REST answer.
    """

    status = 409
    code = "refused"
    retry_after: int | None = None  # seconds, when trying again later makes sense

    def __init__(
        self,
        message: Text,
        *,
        code: str | None = None,
        field: str | None = None,
        remedy: Text = "",
        status: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.field = field
        self.remedy = remedy
        self.status = status or self.status
        self.extra = dict(extra or {})

    @property
    def errors(self) -> list[FieldError]:
        """What is wrong, field by field; empty when the refusal names no field."""
        if self.field is None:
            return []
        return [FieldError(self.field, self.message, self.code, self.remedy)]

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(Refusal):
    """This person may not do this to this thing (403)."""

    status = 403
    code = "not_allowed"

    def __init__(self, reason: Text, *, verb: str, thing: str, remedy: Text = "", code: str | None = None) -> None:
        super().__init__(reason, remedy=remedy, code=code)
        self.verb = verb
        self.thing = thing

    @property
    def reason(self) -> Text:
        """Why not, in words for the person."""
        return self.message


class NotFound(Refusal):
    """There is no such thing, or none that this person may know of (404)."""

    status = 404
    code = "not_found"

    def __init__(self, message: Text = NOTHING_HERE, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)


class Conflict(Refusal):
    """The present state of the thing does not permit the verb (409)."""

    status = 409
    code = "conflict"


class Invalid(Refusal):
    """The input is wrong, field by field (400).

    Takes one message with `field=`, or several as `Invalid.fields({"subject": "…"})` or `Invalid.of([FieldError…])`.
    """

    status = 400
    code = "invalid"
    _several: list[FieldError] | None = None

    @classmethod
    def fields(cls, messages: Mapping[str, Text], *, code: str = "invalid") -> "Invalid":
        """One message per field."""
        return cls.of([FieldError(field, message, code) for field, message in messages.items()])

    @classmethod
    def of(cls, errors: list[FieldError]) -> "Invalid":
        """Several field errors at once."""
        if not errors:
            raise ValueError("An invalid input must name at least one error.")
        refusal = cls(errors[0].message, code=errors[0].code, field=errors[0].field, remedy=errors[0].remedy)
        refusal._several = list(errors)
        return refusal

    @property
    def errors(self) -> list[FieldError]:
        if self._several is not None:
            return self._several
        return [FieldError(self.field or "", self.message, self.code, self.remedy)]


class Stale(Refusal):
    """The thing was changed by somebody else since it was read (412)."""

    status = 412
    code = "stale"

    def __init__(
        self,
        message: Text = CHANGED_MEANWHILE,
        *,
        remedy: Text = READ_AGAIN,
        **kwargs: Any,
    ) -> None:
        super().__init__(message, remedy=remedy, **kwargs)
