"""The lists of the rooms below that can be taken along; the dashboard registers those of the board itself."""

from service_desk.reports.exporting import register
from service_desk.reports.lists import calls, cases, engine, figures, knowledge, people


def register_lists() -> None:
    """Called once, when the room is ready."""
    for group in (cases, calls, knowledge, people, engine, figures):
        for exportable in group.lists():
            register(exportable)
