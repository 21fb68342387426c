"""Who hears a tone when a call rings on their screen."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """A row for each who chose it."""

    dependencies = [
        ("calls", "0002_pops"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RingSound",
            fields=[
                (
                    "staff",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="Who",
                    ),
                ),
            ],
            options={
                "verbose_name": "Sound of a call",
                "verbose_name_plural": "Sounds of calls",
            },
        ),
    ]
