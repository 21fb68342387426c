"""The lock files: each thing that is installed is pinned to one version and to the very files that were seen then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BASE = Path(__file__).parents[2]
FILES = ("requirements.txt", "requirements-dev.txt")
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[\w.!+]+)(?: ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
FEWEST = 80  # so that a file which cannot be read is no green answer


def pins(name: str) -> dict[str, tuple[str, int]]:
    """What a lock file holds: the version of each package and how many files may stand for it."""
    found: dict[str, tuple[str, int]] = {}
    at = ""
    for line in (BASE / name).read_text().splitlines():
        if pin := PIN.match(line):
            at = pin["name"]
            assert at not in found, f"{at} stands twice in {name}"
            found[at] = (pin["version"], 0)
        elif HASH.match(line):
            found[at] = (found[at][0], found[at][1] + 1)
        else:
            assert line.lstrip().startswith("#"), f"neither a pin nor a hash in {name}: {line}"
    return found


def wanted(name: str) -> set[str]:
    """What a list of direct dependencies asks for."""
    lines = (line.strip() for line in (BASE / name).read_text().splitlines())
    asked = [line for line in lines if line and not line.startswith(("#", "-"))]
    return {re.split(r"[<>=~!;\[ ]", line)[0].lower().replace("_", "-").replace(".", "-") for line in asked}


@pytest.mark.parametrize("name", FILES)
def test_every_pin_has_the_hashes_of_its_files(name: str) -> None:
    held = pins(name)
    assert len(held) >= FEWEST
    assert [package for package, (_version, files) in held.items() if files == 0] == []


@pytest.mark.parametrize("name", [*FILES, "requirements.in", "requirements-dev.in"])
def test_no_file_says_from_where_to_install(name: str) -> None:
    text = (BASE / name).read_text()
    assert re.findall(r"://|--\S*(?:index|find-links|trusted-host)\S*|^-[if]\b", text, re.MULTILINE) == []
    assert re.findall(r"(?:^|\s)(?:/|~/|file:)\S*", re.sub(r"#.*", "", text)) == []


@pytest.mark.parametrize("name", FILES)
def test_what_is_asked_for_is_locked(name: str) -> None:
    assert wanted(name.replace(".txt", ".in")) - set(pins(name)) == set()


def test_both_files_name_one_version_of_what_both_hold() -> None:
    product, tests = (pins(name) for name in FILES)
    assert {
        each: (product[each], tests[each]) for each in product.keys() & tests.keys() if product[each] != tests[each]
    } == {}
