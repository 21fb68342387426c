"""A draft of a registration has an edition: what was thrown away is not written again by a save that was on its way."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0020_erased_subject")]

    operations = [
        migrations.AddField(
            model_name="registerdraft",
            name="edition",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
