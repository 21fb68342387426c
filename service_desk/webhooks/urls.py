"""The pages of webhooks, included at the root."""

from typing import Any

urlpatterns: list[Any] = []
