"""The fault matrix: real processes, servers and sinks; a fault is injected, proved to have been, and counted out.

`house.py` makes servers of a run's own, `fleet.py` runs the desk's processes on them, `sinks.py` receive what leaves
the house, `injection.py` breaks things and proves that they broke, `ledger.py` knows what had to happen. docs/faults.md
says how to run it and what each row proves.
"""
