"""The README's configuration table and the settings name the same variables."""

import ast
import re
from pathlib import Path

BASE = Path(__file__).parents[2]
NOT_OURS = {"FORWARDED_ALLOW_IPS", "NO_COLOR"}  # read by uvicorn and by the log


def in_settings() -> set[str]:
    tree = ast.parse((BASE / "service_desk" / "settings.py").read_text())
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
        and node.func.attr != "read_env"
    }


def in_table() -> list[str]:
    return re.findall(r"^\| `([A-Z_]+)` \|", (BASE / "README.md").read_text(), re.MULTILINE)


def test_every_setting_of_the_environment_is_in_the_table_once() -> None:
    table = in_table()
    assert len(table) == len(set(table))
    assert set(table) - NOT_OURS == in_settings()


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (BASE / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)", (BASE / "README.md").read_text()))
    assert {"run", "test"} <= named <= targets
