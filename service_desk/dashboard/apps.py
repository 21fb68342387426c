"""The dashboard package as Django knows it."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The frame around every page."""

    name = "service_desk.dashboard"
    label = "dashboard"

    def ready(self) -> None:
        """Tell who may see the board, what a key may read, and which of its lists can be taken along."""
        from service_desk.dashboard import scopes  # noqa: F401
        from service_desk.dashboard.board import permits  # noqa: F401
        from service_desk.dashboard.board.exporting import register_lists

        register_lists()
