"""The national rules of residency training, carried as configuration that any base stands on.

The rules themselves are `national.yaml` in this folder: policies with their floors, conditions,
steps, documents, assessments, benefits, penalties and published clauses, each with the lines of
the work guide it comes from. A jurisdiction or base may tighten or fill them, never weaken them.
"""

from __future__ import annotations

from pathlib import Path

from zhupei import hookimpl

__all__ = ["register_bases"]


@hookimpl
def register_bases() -> list[Path]:
    """Return the folder of the national file."""
    return [Path(__file__).parent]
