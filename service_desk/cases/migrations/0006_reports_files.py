"""Reports to the customer (C8) and files."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("cases", "0005_registering")]
    operations: ClassVar = []
