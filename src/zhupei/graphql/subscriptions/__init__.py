"""Subscriptions: what is told to whoever watches, checked anew for every change."""
