"""The language check (K2, K3): pure functions on a release; no database, no settings, no clock."""
