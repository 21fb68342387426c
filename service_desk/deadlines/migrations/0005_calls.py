"""The registration clock of a call."""

from django.db import migrations, models

_KINDS = [
    ("first_response", "First response"),
    ("on_site", "On site"),
    ("feedback", "Feedback to the customer"),
    ("restoration", "Restoration"),
    ("solution", "Solution"),
    ("emergency", "Emergency process"),
    ("hand_over", "Acceptance of a hand-over"),
    ("promise", "Promise to the customer"),
    ("consultation", "Answer of the expert"),
    ("progress", "Progress told to the customer"),
    ("escalated", "Decision about the escalated complaint"),
    ("appeal", "Decision about the appeal"),
    ("another", "Another solution"),
    ("corrective", "Corrective action"),
    ("registration", "Registration of a call"),
]


class Migration(migrations.Migration):
    """The registration clock of a call."""

    dependencies = [("deadlines", "0004_complaints")]

    operations = [
        migrations.AlterField(
            model_name="policy",
            name="kind",
            field=models.CharField(choices=_KINDS, max_length=30, verbose_name="Clock"),
        ),
    ]
