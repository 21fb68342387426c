"""The security run itself: a canary that is not found is never a green answer, and no finding passes unargued."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.security import code, dependencies
from tests.security.dependencies import CANARIES, Answer

KNOWN = {each.partition("==")[0]: ["CVE-1"] for each in CANARIES}
CLEAN = Answer({})


@pytest.mark.parametrize(
    ("canary", "ours", "required", "ends", "said"),
    [
        (Answer(KNOWN), CLEAN, False, 0, "nothing known against"),
        (Answer(KNOWN), Answer({"kombu": ["CVE-2"]}), False, 1, "kombu has CVE-2"),
        (Answer(KNOWN), Answer({}, "kombu: not found"), False, 1, "kombu: not found"),
        (CLEAN, CLEAN, False, 0, "NOT AUDITED"),
        (Answer({"Django": ["CVE-1"]}), CLEAN, False, 0, "knows nothing against urllib3"),
        (Answer({}, "no route"), CLEAN, False, 0, "no route"),
        (CLEAN, CLEAN, True, 1, "NOT AUDITED"),
    ],
)
def test_an_answer_counts_only_from_who_knows_the_canary(
    canary: Answer, ours: Answer, required: bool, ends: int, said: str
) -> None:
    lines: list[str] = []

    def asked(_service: str, file: Path) -> Answer:
        return canary if file.name == "canary.txt" else ours

    assert dependencies.audit(asked, lines.append, required=required) == ends
    assert said in "\n".join(lines)


def test_bandit_as_it_is_set_up_finds_the_canary() -> None:
    assert code.is_believable(code.ask)


def test_the_silence_of_a_bandit_that_looks_at_nothing_is_no_green_answer(capsys: pytest.CaptureFixture[str]) -> None:
    def silent(_target: str) -> dict[str, Any]:
        return {"results": [], "errors": [], "metrics": {"_totals": {"loc": 90_000}}}

    assert code.main(silent) == 1
    assert "not believed" in capsys.readouterr().out

    def of_little(target: str) -> dict[str, Any]:
        findings = [{"test_id": rule} for rule in code.CANARY_RULES] if target != "service_desk" else []
        return {"results": findings, "errors": [], "metrics": {"_totals": {"loc": 3}}}

    assert code.main(of_little) == 1
    assert "only 3 lines were read" in capsys.readouterr().out
    assert code.main(lambda _target: {}) == 1


def test_a_finding_passes_only_with_the_reason_of_its_own_rule() -> None:
    finding = {"test_id": "B608", "line_range": [2, 3]}
    assert code.argued(finding, ["x", "y(", "z)  # noqa: S608 - names of ours"])
    assert code.argued({"test_id": "B703", "line_range": [1]}, ["mark_safe(x)  # noqa: S308 - escaped"])
    assert not code.argued(finding, ["x  # noqa: S608", "y(", "z)"])
    assert not code.argued(finding, ["x", "y(  # noqa: S603", "z)"])
    assert not code.argued(finding, ["x", "y(", "z)"])
