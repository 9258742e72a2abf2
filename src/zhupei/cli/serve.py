"""``zhupei serve``: start PostgreSQL, load the configuration and serve the graph."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from zhupei.cli import read_settings
from zhupei.cli._listening import listener

if TYPE_CHECKING:
    from zhupei.cli import Subparsers

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "serve",
        help="提供图服务 · serve the graph",
        description="Serve the graph at http://HOST:PORT/graphql. Everything else is set by "
        "ZHUPEI_* variables: see docs/operations.md. SIGHUP loads the configuration anew.",
    )
    parser.add_argument("--host", help="address to listen on (ZHUPEI_HOST)")
    parser.add_argument("--port", type=int, help="port to listen on (PORT)")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    if arguments.host is not None:
        settings = replace(settings, host=arguments.host)
    if arguments.port is not None:
        settings = replace(settings, port=arguments.port)
    # First of all: a port that is taken must not cost the start of a database.
    with listener(settings.host, settings.port) as listening:
        # Here, not at the top: it takes most of a second, which `zhupei --help` need not.
        from zhupei.cli._server import run_server  # noqa: PLC0415 - see zhupei.cli

        run_server(settings, listening)
    return 0
