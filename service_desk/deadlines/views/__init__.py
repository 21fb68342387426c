"""The pages of the deadlines room, one file a theme."""
