"""Static files are collected again only when one of them has changed: hashing and packing takes seconds."""

import hashlib

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def fingerprint() -> str:
    """Digest names, sizes and times of all sources and the way they are stored."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            facts = f"{path}\0{storage.size(path)}\0{storage.get_modified_time(path).timestamp()}\n"
            digest.update(facts.encode())
    return digest.hexdigest()


def collect() -> bool:
    """Collect them if anything changed; say whether that was so."""
    stamp = settings.STATIC_ROOT / ".fingerprint"
    now = fingerprint()
    if stamp.exists() and stamp.read_text() == now:
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(now)
    return True
