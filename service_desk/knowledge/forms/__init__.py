"""Forms of the phrasebook and of the check at the desk."""
