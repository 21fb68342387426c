"""What still waits for an answer, by the chain it is in: the board asks it at each reading."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A partial index: only rows that wait stand in it."""

    dependencies = [("notices", "0003_webhooks")]

    operations = [
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("acked_at", None), ("needs_ack", True), ("stopped_at", None)),
                fields=["chain"],
                name="notice_waiting",
            ),
        ),
    ]
