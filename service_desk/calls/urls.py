"""Addresses of the calls."""

from typing import Any

urlpatterns: list[Any] = []
