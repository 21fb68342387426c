"""The list of cases in the order of their gravity, at a million of them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Made beside the work that goes on: no lock that a registration would wait for."""

    atomic = False

    dependencies = [("cases", "0014_retyped")]

    operations = [
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                models.OrderBy(
                    models.Case(
                        models.When(severity="enquiry", then=models.Value(1)),
                        models.When(severity="minor", then=models.Value(2)),
                        models.When(severity="major", then=models.Value(3)),
                        models.When(severity="critical", then=models.Value(4)),
                        default=models.Value(0),
                        output_field=models.SmallIntegerField(),
                    ),
                    descending=True,
                ),
                models.OrderBy(models.F("registered_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="case_gravest_newest",
            ),
        ),
    ]
