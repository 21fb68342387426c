"""One more reason why a list could not be written; the words of a choice, so nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_long_sums")]

    operations = [
        migrations.AlterField(
            model_name="export",
            name="problem",
            field=models.CharField(
                blank=True,
                choices=[
                    ("not_allowed", "You may not take this list along any more."),
                    (
                        "too_many",
                        "It has more than a million rows. Narrow the list down and take it along in parts.",
                    ),
                    ("unknown_list", "This list is not there any more."),
                    ("worker_lost", "Writing it was interrupted several times. Please ask for it again."),
                    ("too_much", "It takes too long to be read. Choose fewer days, or narrow it down."),
                    ("no_space", "The disk of the desk is full. Tell your administrator, then ask for it again."),
                ],
                default="",
                max_length=20,
                verbose_name="Why not",
            ),
        ),
    ]
