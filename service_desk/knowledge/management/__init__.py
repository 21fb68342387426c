"""Commands of the knowledge room."""
