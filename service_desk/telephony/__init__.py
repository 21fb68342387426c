"""Phone systems: their events in, calls folded from them; knows calls and numbers, and no case."""
