"""Rosters: people who train already are taken over from a file, all of them or nobody."""

from __future__ import annotations

from zhupei.services.rosters.form import blank_roster
from zhupei.services.rosters.importing import ImportRosterInput, import_roster

__all__ = ["ImportRosterInput", "blank_roster", "import_roster"]
