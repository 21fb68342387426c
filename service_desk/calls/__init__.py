"""What a telephone call means to the desk: who pops up, what it was registered as, what was left unregistered."""
