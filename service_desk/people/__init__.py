"""Who works at the desk: units, staff, roles, duty roster, and the one place that decides who may do what."""
