"""The migrations, applied in order under a lock when a process starts."""

from __future__ import annotations

__all__: list[str] = []
