"""What a plugin sees of the running zhupei: its face at start and stop, its command line."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from zhupei.domain.institutions import Base
from zhupei.domain.training import Opening, Program

__all__ = ["Commands", "Zhupei"]


class Zhupei(Protocol):
    """The running installation, as far as plugins need it; reads only.

    Codes are answered from the catalogue that is in force at the time of the call.
    """

    @property
    def version(self) -> str:
        """The release of zhupei."""

    @property
    def data_dir(self) -> Path:
        """The data directory; a plugin keeps its files in a folder there named by its slug."""

    @property
    def catalogue_hash(self) -> str:
        """The version of the rules in force."""

    def now(self) -> datetime:
        """Return the present moment in Asia/Shanghai; in tests, the moment that a test sets."""

    def base(self, code: str) -> Base | None:
        """Return a base by its code, None where there is none."""

    def program(self, code: str) -> Program | None:
        """Return a program by its code, None where there is none."""

    def opening(self, code: str) -> Opening | None:
        """Return an opening by its code, None where there is none."""


class Commands(Protocol):
    """The commands below ``zhupei <slug>``, as argparse's sub-parsers."""

    def add_parser(self, name: str, **options: Any) -> ArgumentParser:
        """Add a command; ``options`` are those of `argparse.ArgumentParser`, and ``help``."""
