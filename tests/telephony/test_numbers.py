"""Numbers as phone systems write them, matched as customers' numbers are."""

from __future__ import annotations

import pytest

from service_desk.customers.rules import to_e164
from service_desk.telephony.rules import e164_cn, is_withheld

MOBILE, LANDLINE = "+8613865479012", "+8675526772892"


@pytest.mark.parametrize(
    ("raw", "e164"),
    [
        ("013865479012", MOBILE),
        ("13865479012", MOBILE),
        ("8613865479012", MOBILE),
        ("008613865479012", MOBILE),
        ("+86 138-6547-9012", MOBILE),
        ("+86013865479012", MOBILE),
        ("sip:13865479012@10.0.0.1", MOBILE),
        ("tel:+8613865479012", MOBILE),
        ("0755/2677-2892", LANDLINE),
        ("+86(0)755 2677 2892", LANDLINE),
        ("86 755 26772892", LANDLINE),
        ("4008001234", "+864008001234"),
        ("8008101234", "+868008101234"),
        ("+1 866 555 1234", "+18665551234"),
        ("+13865479012", "+13865479012"),
        ("+85223456789", "+85223456789"),
        ("8006", None),
        ("10086", None),
        ("95588", None),
        ("26772892", None),
        ("anonymous", None),
        ("", None),
        ("王小明", None),
        ("+", None),
        ("9" * 40, None),
    ],
)
def test_numbers_are_matched_in_whatever_form_they_come(raw: str, e164: str | None) -> None:
    assert e164_cn(raw) == e164


@pytest.mark.parametrize("raw", ["013865479012", "0755/2677-2892", "4008001234", "+1 866 555 1234"])
def test_a_caller_is_matched_as_the_customer_was_written(raw: str) -> None:
    assert e164_cn(raw) == to_e164(raw)


@pytest.mark.parametrize("raw", ["", "anonymous", "Anonymous", " restricted "])
def test_a_withheld_number_is_known_as_such(raw: str) -> None:
    assert is_withheld(raw)
