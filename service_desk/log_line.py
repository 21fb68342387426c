"""How the desk's own log is written: an event a line, and of what the database says no values of rows.

PostgreSQL explains a refused row by showing it (`DETAIL: Failing row contains …`, `Key (raw)=(138…)`), and the driver
puts that into the exception: without this, names and numbers would stand in the log beside the defect.
"""

from __future__ import annotations

import logging
import re
from typing import Any

#: From the detail to the end of its exception; the values of a row may hold line ends themselves.
_DETAIL = re.compile(r"^DETAIL:.*?(?=\n\n(?:The above exception|During handling)|\Z)", re.MULTILINE | re.DOTALL)


class LineFormatter(logging.Formatter):
    """The desk's formatter; a traceback keeps everything but the values."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - as logging calls it
        """The traceback without the database's details."""
        return _DETAIL.sub("DETAIL: (left out: values of a row)", super().formatException(ei))
