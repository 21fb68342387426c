"""The roof of the desk: the frame around every page, figures across the rooms, and the page of all components."""
