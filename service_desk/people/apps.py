"""The people package as Django knows it."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Units, staff and roster."""

    name = "service_desk.people"
    label = "people"
