"""What makes a case a complaint: its level, its circle, the five clears, the ladder of instances."""
