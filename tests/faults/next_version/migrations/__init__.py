"""Migrations of the next version."""
