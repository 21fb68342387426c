"""The next version of the desk, as row 11 rolls it out: one migration more, which adds a column to the clocks."""
