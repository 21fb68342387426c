"""The append-only trail: who did what, through which door, and what was refused."""
