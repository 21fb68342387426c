"""Words inside a sentence are found through an index; saved views of the list."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """See above."""

    dependencies: ClassVar = [("cases", "0007_reopen_merge")]
    operations: ClassVar = []
