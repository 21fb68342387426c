"""The desk: every matter that a customer brings, from registration to closing (CALL tickets, C1-C18)."""
