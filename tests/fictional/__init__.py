"""A fictional jurisdiction and hospital, which the suite passes with alone."""

from __future__ import annotations

from pathlib import Path

__all__ = ["BASES"]

BASES = Path(__file__).parent / "bases"
