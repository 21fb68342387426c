"""Addresses of the complaints."""

from typing import Any

urlpatterns: list[Any] = []
