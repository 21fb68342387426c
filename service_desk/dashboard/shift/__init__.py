"""The change of shift: what the next one must know, drawn up, signed by two people, printed."""
