"""A demo company, so that a stranger sees the desk at work within minutes."""

Login = tuple[str, str, str]


def load() -> None:
    """Fill an empty desk."""


def logins() -> list[Login]:
    """Name, password and role of the people a visitor may be."""
    return []
