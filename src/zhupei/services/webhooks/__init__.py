"""Webhooks: events of the outbox delivered to the endpoints of integrators, and their log."""
