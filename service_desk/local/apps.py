"""The package as Django knows it: commands only, no tables."""

from django.apps import AppConfig


class LocalConfig(AppConfig):
    """Starting, first data, backup."""

    name = "service_desk.local"
    label = "local"
