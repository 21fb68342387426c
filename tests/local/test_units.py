"""The units of systemd start what `manage.py up` starts: no process of the desk is forgotten where they run it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service_desk.local import plan

BASE = Path(__file__).parents[2]
UNITS = BASE / "deploy" / "systemd"
COMMAND = re.compile(r"^ExecStart=\S+/(?:python|uvicorn) (.+)$", re.MULTILINE)
#: Where the two differ on purpose: names of the machine, and folders.
OWN = re.compile(r"--(?:name|schedule|hostname)[= ]\S+|--queues=\S+")


def said(unit: str) -> str:
    return (UNITS / f"{unit}.service").read_text()


def bare(command: str) -> str:
    """A command line without what names its machine."""
    return " ".join(OWN.sub("", command).split())


UNIT_OF = {
    "sentinel-1": "desk-sentinel@",
    "sentinel-2": "desk-sentinel@",
    "dispatch": "desk-dispatch",
    "webhooks": "desk-webhooks",
    "audit": "desk-audit",
    "critical": "desk-worker@",
    "bulk": "desk-worker@",
    "beat": "desk-beat",
    "web-1": "desk-web",
}


def test_every_process_has_its_unit_with_the_same_command() -> None:
    children = plan.children(base=BASE, data=Path("/data"), web_processes=1, listener=3)
    assert {child.name for child in children} == set(UNIT_OF)
    for child in children:
        (started,) = COMMAND.findall(said(UNIT_OF[child.name]))
        if child.name == "web-1":
            assert "service_desk.asgi:application" in started
            continue
        ours = " ".join(str(part) for part in child.command[1:]).replace(f"{BASE}/", "")
        assert bare(started) == bare(ours), child.name


@pytest.mark.parametrize("unit", sorted(path.stem for path in UNITS.glob("*.service")))
def test_a_unit_runs_without_rights_that_it_does_not_need(unit: str) -> None:
    text = said(unit)
    assert "User=service-desk" in text
    assert "EnvironmentFile=/etc/service-desk.env" in text
    if unit != "desk-backup":
        assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "Restart=always"} <= set(text.splitlines())


def test_two_machines_show_their_life_under_names_of_their_own() -> None:
    for unit in ("desk-sentinel@", "desk-dispatch"):
        assert "--name %H-" in said(unit)


def test_a_loop_that_hangs_is_started_anew_there_too() -> None:
    for child in plan.children(base=BASE, data=Path("/data"), web_processes=1, listener=3):
        if child.pulse is not None:
            patience = re.search(r"^WatchdogSec=(\d+)$", said(UNIT_OF[child.name]), re.MULTILINE)
            assert patience is not None, child.name
            assert int(patience[1]) >= child.stale_after
