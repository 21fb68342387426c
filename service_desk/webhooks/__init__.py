"""What the desk tells other programs by itself: endpoints, events, deliveries."""
