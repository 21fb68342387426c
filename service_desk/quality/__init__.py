"""Quality: suspected and verified violations, objections, praise, and the ledger that closes each month (C4, Q2)."""
