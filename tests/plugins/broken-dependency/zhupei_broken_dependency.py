"""Imports a module that is not installed."""

from __future__ import annotations

import nowhere_to_be_found  # type: ignore[import-not-found]  # that is the point

__all__ = ["nowhere_to_be_found"]
