"""The desk on one machine: its own servers, its processes, its first data."""
