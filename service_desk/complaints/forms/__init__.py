"""Forms of the complaints."""
