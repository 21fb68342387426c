"""How the doors of the REST interface are held against their own descriptions: loaded, asked and checked alike.

The seed is fixed and the examples are bounded, so that a run takes seconds and is the same each time;
`DESK_SCHEMA_SEED` and `DESK_SCHEMA_EXAMPLES` widen it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

SEED = int(os.environ.get("DESK_SCHEMA_SEED", "20261121"))
EXAMPLES = int(os.environ.get("DESK_SCHEMA_EXAMPLES", "10"))
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_SIGNALS = (request_started, request_finished)


def loaded(described: dict[str, Any], app: Any = None) -> Any:
    """A description, to be asked of the desk in this process."""
    config = SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "generation": {"max-examples": EXAMPLES, "with-security-parameters": False},
            # Written examples cannot be combined with `luck`.
            "phases": {"coverage": {"enabled": False}, "examples": {"enabled": False}},
        }
    )
    found = schemathesis.openapi.from_dict(described, config=config)
    found.app = app or get_wsgi_application()
    return found


def each_operation(schema: Any) -> Callable[[Callable[..., None]], Any]:
    """Let a test meet every operation with some examples of what the description allows, and with some luck."""
    bounded = settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    return lambda test: schema.parametrize()(schema.given(luck=st.integers(0, 99))(bounded(test)))


def ask(case: Any, seen: Counter[int], **headers: str) -> None:
    """Send it and check the answer; what it has changed is taken back, so that each example finds the same company."""
    with _one_connection(), transaction.atomic():
        answer = case.call_and_validate(headers={"Accept-Language": "en", **headers}, checks=_CHECKS)
        transaction.set_rollback(True)
    seen[answer.status_code] += 1


@contextmanager
def _one_connection() -> Iterator[None]:
    """The test's transaction lives on one connection, which a real request would close."""
    for signal in _SIGNALS:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in _SIGNALS:
            signal.connect(close_old_connections)
