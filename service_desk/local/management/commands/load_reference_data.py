"""`manage.py load_reference_data`: what every desk needs before its first case."""

from typing import Any

from django.core.management.base import BaseCommand

from service_desk.knowledge import shipped
from service_desk.local import reference


class Command(BaseCommand):
    """Load policies, roles, the work calendar and the phrasebook."""

    help = "Loads policies, roles, the work calendar and the phrasebook. Safe to repeat: what people changed stays."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load, or leave alone what is there."""
        reference.load()
        shipped.load()
