"""The deadlines package as Django knows it."""

from django.apps import AppConfig


class DeadlinesConfig(AppConfig):
    """Calendars, policies, clocks and the engine."""

    name = "service_desk.deadlines"
    label = "deadlines"
