"""The commands of telephony."""
