"""Who calls: customer units, their contacts, numbers and the products in use."""
