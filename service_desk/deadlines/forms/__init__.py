"""The forms of the deadlines room, one file a theme."""
