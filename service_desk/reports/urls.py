"""Addresses of the reports."""

from typing import Any

urlpatterns: list[Any] = []
