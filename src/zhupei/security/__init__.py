"""Keys, encryption, passwords and tokens; knows nothing of people, tables or requests."""

from __future__ import annotations

__all__: list[str] = []
