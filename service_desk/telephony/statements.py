"""Statements on the way of every event, planned once a connection (docs/performance.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from service_desk.prepared import prepare

_VALUE = re.compile(r"%\((\w+)\)s")


class Statement:
    """One statement with named values and their types in SQL; prepared where it is first asked."""

    def __init__(self, name: str, sql: str, **types: str) -> None:
        places = {value: f"${number}" for number, value in enumerate(types, 1)}
        body = _VALUE.sub(lambda found: places[found[1]], sql)
        self.name = f"desk_{name}"
        self._prepare = f"PREPARE {self.name} ({', '.join(types.values())}) AS {body}"
        #: What to execute, with the values by name.
        self.call = f"EXECUTE {self.name}({', '.join(f'%({value})s' for value in types)})"

    def execute(self, cursor: CursorWrapper, values: Mapping[str, Any], *, after: str = "") -> None:
        """Carry it out, behind the statement `after` where one is given, in one round trip."""
        self.prepare()
        cursor.execute(f"{after}{self.call}", values)

    def prepare(self) -> None:
        """Let this connection know the statement."""
        prepare(connection, self.name, self._prepare)
