"""What is due, channel by channel: the dispatcher claims so, and read all that waits for others in between."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """A partial index; what was sent, nearly all, does not stand in it."""

    atomic = False
    dependencies = [("notices", "0005_to_widen")]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(state__in=["pending", "sending"]),
                fields=["channel", "next_attempt_at", "id"],
                name="delivery_due_by_channel",
            ),
        ),
    ]
