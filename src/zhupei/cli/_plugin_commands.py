"""The commands that plugins add, ``zhupei <slug> …``: loaded only when one is asked for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["add_plugin_commands"]


def add_plugin_commands(subparsers: Subparsers) -> None:
    """Load the plugins that the configuration names and let them add their commands.

    A plugin that cannot add its own is explained on stderr and stops nobody else's.

    Raises:
        zhupei.errors.ZhupeiError: the settings cannot be read.

    """
    # Here, not at the top: `zhupei --help` should not wait for plugins.
    from zhupei.cli import read_settings  # noqa: PLC0415 - see zhupei.cli
    from zhupei.cli._loading import load_plugin_host  # noqa: PLC0415 - see zhupei.cli

    settings = read_settings()
    host = load_plugin_host(settings)
    language = settings.language
    for error in (*host.failures, *host.add_commands(subparsers)):
        sys.stderr.write(f"zhupei: {error.text(language)}\n")
