"""What keeps those out who should not be in: the items of docs/security.md that no other room of the tests proves."""
