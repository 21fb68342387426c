"""A new version's migrations run while the old version still serves: what the old one would not survive is refused.

Expand, then contract: a version adds what is new so that processes of the version before go on writing; what is not
needed any more goes in a version of its own, after every process has been replaced (docs/operations.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import NOT_PROVIDED

#: Before the first release there was no old version to survive anything; nothing is added here after it.
BEFORE_THE_FIRST_RELEASE = frozenset({"cases.0007_reopen_merge"})
GOING = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)


def breaking(operation: Operation, made_here: set[str]) -> str:
    """Why processes of the version before would fail beside this operation; '' when they would not."""
    model = str(getattr(operation, "model_name", getattr(operation, "name", ""))).lower()
    if model in made_here:
        return ""  # nobody of the version before knows the table
    if isinstance(operation, GOING):
        return "takes away or renames what they still use"
    if isinstance(operation, migrations.AddField) and not isinstance(
        operation.field, (models.ManyToManyField, models.GeneratedField)
    ):
        field: Any = operation.field
        if not field.null and field.db_default is NOT_PROVIDED:
            return f"they insert without '{operation.name}': it needs null or db_default"
    return ""


def found() -> Iterator[str]:
    """Each breaking operation of our own migrations."""
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("service_desk.")}
    for (app, name), migration in sorted(MigrationLoader(None, ignore_no_migrations=True).disk_migrations.items()):
        if app not in ours:
            continue
        made_here: set[str] = set()
        for operation in flat(migration.operations):
            if isinstance(operation, migrations.CreateModel):
                made_here.add(operation.name.lower())
            elif why := breaking(operation, made_here):
                yield f"{app}.{name}: {operation.describe()}: {why}"


def flat(operations: Sequence[Operation]) -> Iterator[Operation]:
    """The operations, those that touch the database inside of others too."""
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from flat(operation.database_operations)
        else:
            yield operation


def test_processes_of_the_version_before_survive_every_migration() -> None:
    new = [each for each in found() if each.partition(": ")[0] not in BEFORE_THE_FIRST_RELEASE]
    assert not new, "\n".join(new)


def test_what_breaks_old_processes_is_seen() -> None:
    text = models.TextField()
    assert "insert without" in breaking(migrations.AddField("case", "colour", text), set())
    assert not breaking(migrations.AddField("case", "colour", models.TextField(null=True)), set())
    assert not breaking(migrations.AddField("case", "colour", models.TextField(db_default="")), set())
    assert not breaking(migrations.AddField("case", "colour", text), {"case"})
    assert "takes away" in breaking(migrations.RemoveField("case", "colour"), set())
