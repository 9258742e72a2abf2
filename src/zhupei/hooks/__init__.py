"""Hooks: how plugins take part, who may answer what, and how one plugin's fault stays its own."""
