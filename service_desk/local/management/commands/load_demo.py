"""`manage.py load_demo`: a company to try the desk with."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from service_desk.local import demo


class Command(BaseCommand):
    """Fill an empty desk with a demo company and write down its log-ins."""

    help = "Fills an empty desk with a demo company: staff, customers, products, a roster and cases in every state."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load all or nothing; refuse on a desk that has staff."""
        if get_user_model().objects.exists():
            raise CommandError("This desk has staff already; the demo company goes into an empty desk only.")
        with transaction.atomic():
            demo.load()
        path = settings.DATA_DIR / "demo_logins.txt"
        path.touch(mode=0o600)
        path.write_text("".join(f"{user}\t{password}\t{role}\n" for user, password, role in demo.logins()))
