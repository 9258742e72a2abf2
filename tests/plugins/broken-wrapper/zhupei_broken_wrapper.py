"""Wraps a hook."""

from __future__ import annotations

from collections.abc import Iterator

from zhupei import hookimpl


@hookimpl(wrapper=True)
def base_quotas() -> Iterator[None]:
    """Never asked."""
    yield
