"""Clocks of complaints."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Clocks of complaints: decisions of the further instances, another solution, a corrective action."""

    dependencies = [("deadlines", "0003_rollouts")]

    operations = [
        migrations.AlterField(
            model_name="policy",
            name="kind",
            field=models.CharField(
                choices=[
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
                ],
                max_length=30,
                verbose_name="Clock",
            ),
        ),
    ]
