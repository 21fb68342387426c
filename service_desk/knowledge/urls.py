"""Addresses of the knowledge room."""

from typing import Any

urlpatterns: list[Any] = []
