"""The dashboard package as Django knows it."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The frame around every page."""

    name = "service_desk.dashboard"
    label = "dashboard"
