"""The desk's settings, and the next version's migration as that of a room that has none so far."""

from service_desk.settings import *  # noqa: F403

MIGRATION_MODULES = {"local": "tests.faults.next_version.migrations"}
