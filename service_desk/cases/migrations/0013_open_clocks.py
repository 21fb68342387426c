"""An index that tells by itself whether a case is late; the one on the case alone was the beginning of another."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The list of what is overdue, and the nearest clock of a case, at a million cases."""

    dependencies = [("cases", "0012_articles")]

    operations = [
        migrations.AlterField(
            model_name="casedeadline",
            name="case",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deadlines",
                to="cases.case",
                verbose_name="Case",
            ),
        ),
        migrations.AddIndex(
            model_name="casedeadline",
            index=models.Index(
                condition=models.Q(("state__in", ("running", "paused", "error"))),
                fields=["case", "due_at", "id"],
                name="casedeadline_open",
            ),
        ),
    ]
