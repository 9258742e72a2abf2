"""Raises when it is imported."""

from __future__ import annotations

raise ValueError("the taps are dry\nand more")
