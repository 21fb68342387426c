"""Makes a desk ready to be measured, or an existing one: its schema, its articles, and clocks that lie ahead again.

`python -m bench.desks KIND --folder FOLDER --cases N --articles N --out FILE`; `python -m bench` starts it for each.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from bench.catalogue import BOARD, PLAIN
from bench.figures import BASE, load
from bench.house import House, forget_mail
from bench.one import end_tidily, say

#: Open clocks of the desk whose board is measured.
BOARD_CLOCKS = 100_000
#: Nothing comes due this soon on a desk that is made ready, so that what is measured is what was meant.
AHEAD = "2 hours"
LONGEST_DRAIN = 120.0

#: What is put ahead lies this much farther, so that it is not called stale again a moment later.
ROOM = "5 minutes"

#: An old desk's clocks have come due while it slept. Each of them is moved as a whole: its next step then lies between
#: two hours and a little from now and as far ahead as it can while the clock still began a quarter of an hour ago.
#: Clocks of working calendars may not be moved by hours; they end. One `now()` for every statement of the
#: transaction: by a later one, a clock that was put right at the edge would have come due again, and end.
_STALE = f"d.state = 'running' AND d.next_at < now() + interval '{AHEAD}'"
_FRESHEN = f"""
UPDATE cases_casedeadline d SET armed_at = armed_at + s.by, started_at = started_at + s.by, due_at = due_at + s.by,
    next_at = next_at + s.by, breached_at = breached_at + s.by, schedule = jsonb_build_object(
        'due', to_jsonb((schedule->>'due')::timestamptz + s.by),
        'steps', (SELECT jsonb_agg(jsonb_build_array(t->0, to_jsonb((t->>1)::timestamptz + s.by)) ORDER BY n)
            FROM jsonb_array_elements(schedule->'steps') WITH ORDINALITY AS e(t, n)))
FROM (
    SELECT d.id, now() + interval '{AHEAD} {ROOM}' - d.next_at + (d.next_at - d.started_at
        - interval '{AHEAD} 20 minutes') * ((hashint8(d.id) & 65535) / 65536.0) AS by
    FROM cases_casedeadline d JOIN deadlines_policy p ON p.id = d.policy_id
    WHERE {_STALE} AND p.calendar_id IS NULL AND d.next_at - d.started_at > interval '{AHEAD} 20 minutes'
) s WHERE s.id = d.id
"""
_END = f"""
UPDATE cases_casedeadline d SET state = CASE WHEN breached_at IS NULL THEN 'met' ELSE 'breached' END,
    ended_at = greatest(started_at, now() - interval '1 minute'), next_at = NULL WHERE {_STALE}
"""


def main() -> None:
    """Make it ready and say what it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=0)
    parser.add_argument("--articles", type=int, default=0)
    parser.add_argument("--like", type=Path, help="a desk that is copied where there is none yet")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    end_tidily()
    _refuse_unfinished_migrations()
    folder = given.folder.resolve()
    copied = given.like is not None and not folder.exists()
    if copied:
        say(f"copying {given.like} (a desk at rest)")
        shutil.copytree(given.like.resolve(), folder, symlinks=True, ignore=shutil.ignore_patterns(".s.PGSQL*"))
        _same_owner(given.like.resolve(), folder)
    house = House(folder, say)
    try:
        house.open()
        given.out.write_text(json.dumps(_ready(given, house, copied=copied), indent=1))
    finally:
        house.close(keep=True)


def _refuse_unfinished_migrations() -> None:
    """A desk stays for many runs: it gets no migration that may still change."""
    asked = ["git", "status", "--porcelain", "--untracked-files=all", "--", "service_desk"]
    lines = subprocess.run(asked, cwd=BASE, capture_output=True, text=True).stdout.splitlines()
    loose = [line[3:] for line in lines if "/migrations/" in line and line.endswith(".py")]
    if loose:
        raise SystemExit(f"Commit these migrations before a desk gets them: {', '.join(loose)}")


def _same_owner(like: Path, folder: Path) -> None:
    """The copy's files belong to whom the originals belong to: PostgreSQL refuses a folder of somebody else."""
    for path in (like, *like.rglob("*")):
        told = path.lstat()
        os.chown(folder / path.relative_to(like), told.st_uid, told.st_gid, follow_symlinks=False)


def _ready(given: argparse.Namespace, house: House, *, copied: bool) -> dict[str, Any]:
    from django.core.management import call_command
    from django.db import connection

    from bench.generate import counts, generate
    from service_desk.cases.models import Case

    say("its schema")
    call_command("compile_translations")
    call_command("migrate", interactive=False, verbosity=0)
    seconds: dict[str, float] = {}
    before = load()
    if given.kind == PLAIN:
        _furnish(house.folder)
    elif not Case.objects.exists():
        seconds = generate(cases=given.cases, tell=say).seconds
    if copied:
        from bench.quieter import quieten

        say(f"{quieten(BOARD_CLOCKS):,} cases closed")
    if given.kind == BOARD:
        _drain()
    elif given.kind != PLAIN:
        freshen()
        _articles(given.articles)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    return {
        "rows": counts(),
        "bytes": house.size(),
        "seconds": seconds,
        "load": before,
        "postgresql": version.split()[0],
        "redis": _redis_version(),
    }


def _redis_version() -> str:
    import redis
    from django.conf import settings

    return str(redis.Redis.from_url(settings.REDIS_URL).info("server")["redis_version"])


def _furnish(folder: Path) -> None:
    """What a desk without cases needs: its reference data, and the files of its pages."""
    from django.core.management import call_command
    from django.test import override_settings

    call_command("load_reference_data", verbosity=0)
    with override_settings(STATIC_ROOT=folder / "static"):
        call_command("collectstatic", interactive=False, verbosity=0)


def freshen() -> int:
    """Put clocks that came due while the desk lay still ahead again; how many there were."""
    from django.db import connection, transaction

    from service_desk.local.demo.past import history_may_be_written

    forget_mail()
    with transaction.atomic(), history_may_be_written(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off; SET LOCAL work_mem = '256MB'")
        cursor.execute(f"SELECT count(*) FROM cases_casedeadline d WHERE {_STALE}")
        (stale,) = cursor.fetchone()
        if not stale:
            return 0
        say(f"{stale:,} clocks came due while it lay still: they are put ahead")
        cursor.execute(_FRESHEN)
        moved = cursor.rowcount
        cursor.execute(_END)
        say(f"{moved:,} moved, {cursor.rowcount:,} ended")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) cases_casedeadline")
        cursor.execute("CHECKPOINT")
    return int(stale)


def _drain() -> None:
    """Fire what came due while the desk lay still, as its sentinels would; its mail is not sent."""
    from service_desk.deadlines.engine import sweep
    from service_desk.deadlines.rules import Door

    fired, until = 0, time.monotonic() + LONGEST_DRAIN
    while time.monotonic() < until and (done := sweep(Door.SENTINEL).fired):
        fired += done
    say(f"{fired:,} steps had come due")
    forget_mail()


def _articles(count: int) -> None:
    from bench.articles import generate

    if count:
        say(f"up to {count:,} articles")
        generate(count)


if __name__ == "__main__":
    main()
