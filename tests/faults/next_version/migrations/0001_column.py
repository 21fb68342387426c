"""A column that may be empty, as an expanding migration adds one."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """By SQL, since the models of this version know nothing of it."""

    initial = True
    operations: ClassVar = [
        migrations.RunSQL(
            "ALTER TABLE cases_casedeadline ADD COLUMN faults_new integer",
            "ALTER TABLE cases_casedeadline DROP COLUMN faults_new",
        )
    ]
