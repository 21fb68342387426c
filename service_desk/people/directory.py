"""Who is told: slots resolved to people from roster, units and absences at one moment (D10, C7).

Loaded once per batch of fired clocks, so that resolving is arithmetic on dictionaries.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection

from service_desk.people.rules import DutyRole

# The whole organisation in one round trip: it is read for each batch of due clocks and each emergency that starts.
_ORGANISATION = """
SELECT (SELECT json_agg(json_build_array(role, staff_id) ORDER BY id) FROM people_dutyshift
         WHERE starts_at <= statement_timestamp() AND ends_at > statement_timestamp()),
       (SELECT json_agg(json_build_array(staff_id, deputy_id) ORDER BY id) FROM people_absence
         WHERE starts_at <= statement_timestamp() AND ends_at > statement_timestamp()),
       (SELECT json_agg(json_build_array(id, unit_id, is_active)) FROM people_staff),
       (SELECT json_agg(json_build_array(id, parent_id, section_chief_id, department_head_id)) FROM people_unit)
"""


@dataclass(frozen=True)
class Resolved:
    """Somebody to tell, or nobody (`staff_id` None: the duty manager could not be found either)."""

    slot: str
    staff_id: int | None
    instead_of: int | None = None
    fallback: bool = False  # nobody holds the slot: the duty manager is told so


@dataclass
class Directory:
    """The organisation at one moment, as dictionaries."""

    duty: dict[str, int] = field(default_factory=dict)
    deputy: dict[int, int] = field(default_factory=dict)
    unit_of: dict[int, int | None] = field(default_factory=dict)  # also of those who have left: their cases remain
    active: set[int] = field(default_factory=set)
    units: dict[int, tuple[int | None, int | None, int | None]] = field(default_factory=dict)  # parent, chief, head

    @classmethod
    def load(cls) -> Directory:
        """Read roster, absences, units and staff as the database's clock sees them now."""
        with connection.cursor() as cursor:
            cursor.execute(_ORGANISATION)
            duty, away, staff, units = (rows or [] for rows in cursor.fetchall()[0])
        return cls(
            duty=dict(duty),
            deputy=dict(away),
            unit_of={pk: unit for pk, unit, _active in staff},
            active={pk for pk, _unit, active in staff if active},
            units={pk: (parent, chief, head) for pk, parent, chief, head in units},
        )

    def present(self, staff_id: int | None) -> int | None:
        """The person, or the deputy through chains of absences; None when the chain loops or ends at nobody."""
        seen: set[int] = set()
        while staff_id is not None and staff_id in self.deputy:
            if staff_id in seen:
                return None
            seen.add(staff_id)
            staff_id = self.deputy[staff_id]
        return staff_id if staff_id in self.active else None

    def superiors(self, staff_id: int | None) -> list[int]:
        """The reporting line upward: section chief, department head, then those of the parent units; without loops.

        A leader who has left is passed over for the next one up.
        """
        line: list[int] = []
        unit_id = self.unit_of.get(staff_id) if staff_id is not None else None
        seen: set[int] = set()
        while unit_id is not None and unit_id not in seen:
            seen.add(unit_id)
            parent, chief, head = self.units[unit_id]
            line += [
                leader
                for leader in dict.fromkeys((chief, head))
                if leader in self.active and leader != staff_id and leader not in line
            ]
            unit_id = parent
        return line

    def superior(self, staff_id: int | None) -> int | None:
        """The next one up the reporting line."""
        line = self.superiors(staff_id)
        return line[0] if line else None

    def department_head(self, staff_id: int | None) -> int | None:
        """The nearest department head above `staff_id`."""
        unit_id = self.unit_of.get(staff_id) if staff_id is not None else None
        seen: set[int] = set()
        while unit_id is not None and unit_id not in seen:
            seen.add(unit_id)
            parent, _chief, head = self.units[unit_id]
            if head in self.active and head != staff_id:
                return head
            unit_id = parent
        return None

    def resolve(self, slot: str, people: dict[str, int | None]) -> Resolved:
        """Who fills `slot`.

        A slot is a key of `people` (handler, first_responder …), one of those with `_chief` or `_head` behind it,
        or a duty role. Someone absent is replaced by the deputy; an empty slot goes to the duty manager.
        """
        holder = self._holder(slot, people)
        if holder not in self.unit_of:
            holder = None  # a row of the roster that outlived its person
        present = self.present(holder)
        if present is not None:
            return Resolved(slot, present, instead_of=holder if holder != present else None)
        return Resolved(slot, self.present(self.duty.get(DutyRole.DUTY_MANAGER)), instead_of=holder, fallback=True)

    def _holder(self, slot: str, people: dict[str, int | None]) -> int | None:
        if slot in people:
            return people[slot]
        if slot in self.duty:
            return self.duty[slot]
        name, _, rank = slot.rpartition("_")
        if rank == "chief" and name in people:
            return self.superior(people[name])
        if rank == "head" and name in people:
            return self.department_head(people[name])
        return None
