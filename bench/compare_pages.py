"""Puts the figures of `bench.pages` for several sizes into one table: `python -m bench.compare_pages 1k=a.json …`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.pages import table

if __name__ == "__main__":
    named = dict(argument.split("=", 1) for argument in sys.argv[1:])
    print(table({name: json.loads(Path(path).read_text()) for name, path in named.items()}))
