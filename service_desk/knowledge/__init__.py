"""Knowledge: the phrasebook that governs what is said to customers, and the language check that holds texts against it."""
