"""Measures the desk on this machine with a million cases; not part of the product, nothing imports it."""
