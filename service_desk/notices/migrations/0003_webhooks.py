"""The secrets of webhooks, until now in plain text, are encrypted where they stand."""

from typing import Any

from django.db import migrations

from service_desk.notices import vault

_MARK = "whsec_"


def encrypt(apps: Any, _editor: Any) -> None:
    """Lock what is still open; a second run finds nothing."""
    for row in _rows(apps):
        for name in ("secret", "previous_secret"):
            if getattr(row, name).startswith(_MARK):
                setattr(row, name, vault.lock(getattr(row, name)))
        row.save(update_fields=["secret", "previous_secret"])


def decrypt(apps: Any, _editor: Any) -> None:
    """Back to plain text, as far as the desk's key still opens it."""
    for row in _rows(apps):
        for name in ("secret", "previous_secret"):
            setattr(row, name, vault.unlock(getattr(row, name)) or "")
        row.save(update_fields=["secret", "previous_secret"])


def _rows(apps: Any) -> Any:
    return apps.get_model("notices", "ChannelAddress").objects.filter(kind="webhook").only("secret", "previous_secret")


class Migration(migrations.Migration):
    """The secrets of webhooks."""

    dependencies = [("notices", "0002_autovacuum")]

    operations = [migrations.RunPython(encrypt, decrypt, elidable=True)]
