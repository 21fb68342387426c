"""The figures of the desk over time, each computed in one place, and what is exported of them."""
