"""The log holds no values of rows: neither in what the desk writes of a defect nor in what its PostgreSQL writes."""

from __future__ import annotations

import logging
import logging.config
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction

from service_desk.customers.models import PhoneNumber
from service_desk.local import postgres
from service_desk.log_line import LineFormatter
from tests.factories import World, world

LOGGING: dict[str, Any] = settings.LOGGING


@pytest.fixture
def desk(db: None) -> World:
    return world()


def written(error: BaseException) -> str:
    """What the formatter that the settings name makes of a defect."""
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter(LOGGING["formatters"]["line"]["format"]))
    handler.handle(
        logging.LogRecord("x", logging.ERROR, "", 0, "Not done", (), (type(error), error, error.__traceback__))
    )
    return out.getvalue()


def test_P6_a_row_that_the_database_refuses_does_not_stand_in_the_log(desk: World) -> None:
    given: dict[str, Any] = {"customer": desk.customer, "raw": "13800138000"}
    PhoneNumber.objects.create(**given)
    with pytest.raises(IntegrityError) as twice, transaction.atomic():
        PhoneNumber.objects.create(**given)
    with pytest.raises(DatabaseError) as broken, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_phonenumber (customer_id, raw) SELECT NULL, %s", ["13900139000\n\nTraceback x"]
        )
    for error, number in ((twice.value, "13800138000"), (broken.value, "13900139000")):
        assert number in str(error), "else this tests nothing"
        words = written(error)
        assert number not in words
        assert "violates" in words
        assert "Traceback" in words


def test_the_settings_write_with_it() -> None:
    assert LOGGING["formatters"]["line"]["()"] == "service_desk.log_line.LineFormatter"
    assert {handler["formatter"] for handler in LOGGING["handlers"].values()} == {"line"}


def test_P6_the_embedded_postgresql_logs_neither_statements_nor_rows() -> None:
    assert {"log_min_error_statement=panic", "log_error_verbosity=terse"} <= set(postgres.COMMON)
    assert not [each for each in postgres.COMMON if each.startswith(("log_statement", "log_min_duration"))]
