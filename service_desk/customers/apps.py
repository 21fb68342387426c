"""The customers package as Django knows it."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Customer units, contacts and numbers."""

    name = "service_desk.customers"
    label = "customers"
