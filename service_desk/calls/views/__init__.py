"""The pages of calls, one file a theme."""
