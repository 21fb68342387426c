"""Knowledge: the phrasebook that governs what is said to customers, and the check that holds texts against it."""
