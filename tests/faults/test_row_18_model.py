"""Row 18: any order of verbs, passing time, policy and calendar changes against the naive model, on PostgreSQL.

The machine is `tests/cases/test_model_of_clocks.py`; the full form lives 1,000 lives of 50 steps with it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.cases.machine_of_clocks import prepared
from tests.cases.test_model_of_clocks import Lives
from tests.faults.house import choose
from tests.faults.injection import seed_of_run

LIVES, STEPS = choose(full=(1_000, 50), short=(8, 30))


@pytest.mark.django_db
def test_any_life_of_cases_is_as_the_model_says(say: Callable[[str], None]) -> None:
    Lives.desk = prepared()
    ended: list[int] = []

    class Counted(Lives):
        """The same machine, counting the lives that came to their end."""

        def teardown(self) -> None:
            super().teardown()
            ended.append(len(self.rows))

    seed(seed_of_run())(Counted)
    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
            print_blob=True,
        ),
    )
    say(f"{len(ended)} lives of up to {STEPS} steps, {sum(ended)} cases in them: no difference")
    assert len(ended) >= LIVES
    assert sum(ended) > 0
