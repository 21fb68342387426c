"""Commands of the notices package."""
