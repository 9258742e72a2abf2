"""PostgreSQL: the embedded server, the connection, the migrations and the tables."""

from __future__ import annotations

__all__: list[str] = []
