"""Deliveries that could need another channel beside them: the dispatcher asks for them at each of its rounds."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """A partial index; what was sent, nearly all, does not stand in it."""

    atomic = False
    dependencies = [("notices", "0004_board")]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=(
                    models.Q(state__in=["pending", "sending"])
                    | models.Q(state__in=["dead", "unknown"], escalated_at=None)
                )
                & models.Q(widened_at=None),
                fields=["id"],
                name="delivery_to_widen",
            ),
        ),
    ]
