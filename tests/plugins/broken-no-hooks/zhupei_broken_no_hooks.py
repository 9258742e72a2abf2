"""Forgets the marker."""

from __future__ import annotations


def base_quotas() -> None:
    """Never asked."""
