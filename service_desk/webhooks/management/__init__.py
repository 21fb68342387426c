"""Commands of the webhooks package."""
