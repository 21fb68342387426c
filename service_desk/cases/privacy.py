"""What cases know of customers: for their copy, for an erasure at their request, and for what is kept too long.

Who called, with which number, goes; the case, its times, its grade and its figures stay, and so does the trail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from service_desk.cases.models import Case
from service_desk.cases.rules import ENDED_STATES
from service_desk.customers.holders import Holder, Step, register
from service_desk.customers.models import Customer

#: Cases in one copy; nobody has more.
_MOST = 10_000
#: A dry run counts no further.
_COUNTED = 100_000

_OLD = """
c.registered_at < %(before)s AND c.ended_at < %(before)s
AND (c.caller_name <> '' OR c.caller_phone <> '' OR c.caller_e164 IS NOT NULL OR c.contact_id IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM customers_legalhold h WHERE h.customer_id = c.customer_id AND h.lifted_at IS NULL)
"""
_COUNT = f"SELECT count(*) FROM (SELECT 1 FROM cases_case c WHERE {_OLD} LIMIT %(most)s) AS old"  # noqa: S608 - ours
# One slice of the walk along the key: where it ends, whether anything is behind it, and which of it are old.
_SLICE = f"""
WITH looked AS (
    SELECT id FROM cases_case WHERE id > %(after)s AND registered_at < %(before)s ORDER BY id LIMIT %(size)s
)
SELECT (SELECT max(id) FROM looked), (SELECT count(*) FROM looked),
       ARRAY(SELECT c.id FROM cases_case c WHERE c.id IN (SELECT id FROM looked) AND {_OLD} ORDER BY c.id)
"""  # noqa: S608 - ours
# Who called goes from the words that a search looks through as well; the rows are locked in the order of their keys.
_FORGET = """
WITH gone AS (
    SELECT id, caller_name FROM cases_case WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE
), unsaid AS (
    UPDATE cases_casewords w SET words = ts_delete(w.words, tsvector_to_array(case_words(gone.caller_name)))
      FROM gone WHERE w.case_id = gone.id AND gone.caller_name <> ''
)
UPDATE cases_case c SET caller_name = '', caller_phone = '', caller_e164 = NULL, contact_id = NULL
  FROM gone WHERE c.id = gone.id
"""
# C1 keeps a subject for ever, but for a customer whose data were erased at their request (a trigger looks at that).
_UNNAME = """
UPDATE cases_casewords w SET words = ts_delete(w.words, tsvector_to_array(case_words(%(old)s)))
  FROM cases_case c WHERE c.customer_id = %(customer)s AND w.case_id = c.id;
UPDATE cases_case c SET subject = %(new)s || ' ' || p.name || ' ' || c.fault, request_values = '{}'
  FROM people_producttype p WHERE p.id = c.product_type_id AND c.customer_id = %(customer)s
"""


def _told(customer: Customer, user: Any) -> Sequence[Mapping[str, Any]]:
    """The cases this person may know of (P6), as the customer would be told them."""
    found = Case.objects.visible_to(user).filter(customer=customer).order_by("id")
    return list(
        found.values(
            "number",
            "subject",
            "accepted_at",
            "caller_name",
            "caller_phone",
            "description",
            "state",
            "outcome",
            "reply",
            "ended_at",
        )[:_MOST]
    )


def _open_of(customer: Customer) -> int:
    """Confidential cases are not counted: that there is one is nobody's to learn here (P6)."""
    return Case.objects.filter(customer=customer, confidential=False).exclude(state__in=ENDED_STATES).count()


def _erase_of(customer: Customer, old: str) -> int:
    """What has ended; an open complaint forgets who complained when it is old. `old` is the name in their words."""
    with connection.cursor() as cursor:
        ids = list(Case.objects.filter(customer=customer, state__in=ENDED_STATES).values_list("pk", flat=True))
        cursor.execute(_FORGET, {"ids": ids})
        forgotten: int = cursor.rowcount
        cursor.execute(_UNNAME, {"customer": customer.pk, "old": old, "new": customer.name})
    return forgotten


def _count_older(before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"before": before, "most": _COUNTED})
        counted: int = cursor.fetchone()[0]
    return counted


def _erase_older(before: datetime, after: int, size: int) -> Step:
    with connection.cursor() as cursor:
        cursor.execute(_SLICE, {"before": before, "after": after, "size": size})
        last, looked, ids = cursor.fetchone()
        erased = 0
        if ids:
            cursor.execute(_FORGET, {"ids": ids})
            erased = cursor.rowcount
    return Step(last_pk=last or after, erased=erased, at_end=looked < size)


register(
    Holder(
        key="cases",
        label=_("Cases whose caller is still named"),
        told=_told,
        open_of=_open_of,
        erase_of=_erase_of,
        count_older=_count_older,
        erase_older=_erase_older,
    )
)
