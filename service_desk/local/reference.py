"""What every desk needs before its first case: policies, roles, the work calendar."""


def load() -> None:
    """Load what is missing; what people have changed stays."""
