"""What every check needs: the files, their layers, the reference data, and where to report."""

from __future__ import annotations

from collections.abc import Collection

from zhupei.config.layers import Layers
from zhupei.config.problems import Problems, Severity, YamlPath
from zhupei.config.workspace import Workspace
from zhupei.config.yaml import Document
from zhupei.domain.calendar import Calendar
from zhupei.domain.text import Text
from zhupei.reference import Reference

__all__ = ["CheckContext"]


class CheckContext:
    """The configuration under check; `report` collects what is wrong with it."""

    def __init__(
        self,
        workspace: Workspace,
        reference: Reference,
        calendar: Calendar,
        plugins: Collection[str] | None,
    ) -> None:
        self.workspace = workspace
        self.layers = Layers(workspace)
        self.reference = reference
        self.calendar = calendar
        self.plugins = plugins
        self.problems = Problems()

    def report(
        self,
        document: Document,
        path: YamlPath,
        code: str,
        zh: str,
        en: str,
        *,
        hint: Text | None = None,
        severity: Severity = "error",
    ) -> None:
        """Report a problem at the value of ``path``."""
        self.problems.add(document.problem(path, code, Text(zh, en), hint, severity=severity))
