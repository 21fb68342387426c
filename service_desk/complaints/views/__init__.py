"""Pages of the complaints."""
