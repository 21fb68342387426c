"""Notices: who is told what, through which channel, whether it arrived and whether it was answered."""
