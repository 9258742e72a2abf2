"""Notices: what is told to whom when something happened, and its delivery by e-mail."""
