"""The supervisors' board: what is late, what will be, who was told, who has answered; and what can be done about it."""
