"""The processes that make up a desk on one machine."""

import sys
from pathlib import Path

from service_desk.local.supervisor import STALE_AFTER, Child

SENTINELS = ("sentinel-1", "sentinel-2")
FIRST = 2
AUDIT_PASS = 300.0  # a pass over a million clocks is one turn of its loop


def _celery(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--app", "service_desk", "--quiet", *arguments]


def _worker(queue: str) -> list[str]:
    # prefork, not solo or threads: only there does Celery's hard time limit kill a task that hangs
    return _celery(
        "worker", f"--queues={queue}", f"--hostname={queue}@%h", "--pool=prefork", "--concurrency=1",
        "--without-gossip", "--without-mingle", "--loglevel=WARNING",
    )  # fmt: skip


def children(*, base: Path, data: Path, web_processes: int, listener: int) -> list[Child]:
    """List them in the order of their start; the first `FIRST` alone bring up the page and keep the deadlines."""

    def manage(*arguments: str) -> list[str]:
        return [sys.executable, str(base / "manage.py"), *arguments]

    web = [sys.executable, "-m", "service_desk.local.web", f"--fd={listener}"]
    beat = _celery("beat", f"--schedule={data / 'beat-schedule'}", "--pidfile=", "--loglevel=WARNING")
    pages = [Child(f"web-{number}", web, keep_fds=[listener]) for number in range(1, web_processes + 1)]

    def loop(name: str, *arguments: str, stale_after: float = STALE_AFTER) -> Child:
        return Child(name, manage(*arguments), pulse=data / f"{name}.pulse", stale_after=stale_after)

    sentinels = [loop(name, "enforce_deadlines", "--name", name) for name in SENTINELS]
    return [
        pages[0],
        sentinels[0],
        *pages[1:],
        *sentinels[1:],
        loop("dispatch", "dispatch_notices"),
        loop("webhooks", "send_webhooks"),
        loop("audit", "audit_clocks", stale_after=AUDIT_PASS),
        Child("critical", _worker("critical")),
        Child("bulk", _worker("bulk")),
        Child("beat", beat),
    ]
