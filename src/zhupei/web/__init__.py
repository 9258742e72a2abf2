"""The web side: the GraphQL endpoint, health, the query page, logs and limits."""

from __future__ import annotations

__all__: list[str] = []
