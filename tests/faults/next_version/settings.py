"""The desk's settings, and the next version's migration among its rooms."""

from service_desk.settings import *  # noqa: F403
from service_desk.settings import INSTALLED_APPS as _NOW

INSTALLED_APPS = [*_NOW, "tests.faults.next_version"]
