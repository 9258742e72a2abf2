"""``zhupei serve``: start PostgreSQL, load the configuration and serve the graph."""

from __future__ import annotations

import argparse
import gc
import socket
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.cli import read_settings
from zhupei.cli._certificates import Certificate
from zhupei.cli._listening import listener, unix_listener

if TYPE_CHECKING:
    from zhupei.cli import Subparsers
    from zhupei.settings import Settings

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "serve",
        help="提供图服务 · serve the graph",
        description=(
            "在 http://HOST:PORT/graphql 或 Unix 套接字上提供图服务。其余均由 ZHUPEI_* 变"
            "量设定，见 docs/operations.md。SIGHUP 使其重新读取配置与证书。 · Serve the "
            "graph at http://HOST:PORT/graphql, or at a Unix socket. Everything else is "
            "set by ZHUPEI_* variables: see docs/operations.md. SIGHUP loads the "
            "configuration anew, and reads the certificate again."
        ),
    )
    parser.add_argument(
        "--host", help="监听地址（ZHUPEI_HOST） · address to listen on (ZHUPEI_HOST)"
    )
    parser.add_argument("--port", type=int, help="监听端口（PORT） · port to listen on (PORT)")
    parser.add_argument(
        "--socket",
        metavar="PATH",
        help=(
            "改为监听 Unix 套接字，供前置代理使用（ZHUPEI_SOCKET） · Unix socket to listen on "
            "instead, for a proxy in front (ZHUPEI_SOCKET)"
        ),
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    if arguments.host is not None:
        settings = replace(settings, host=arguments.host)
    if arguments.port is not None:
        settings = replace(settings, port=arguments.port)
    if arguments.socket is not None:
        settings = replace(settings, socket=Path(arguments.socket).absolute())
    certificate = None
    if settings.tls_certificate is not None and settings.socket is None:
        certificate = Certificate.read(settings.tls_certificate, settings.tls_key)
    # First of all: a port that is taken must not cost the start of a database.
    with _listener(settings) as listening:
        # Of what a start makes hardly anything goes: looking for it takes a quarter of the time.
        gc.disable()
        # Here, not at the top: it takes most of a second, which `zhupei --help` need not.
        from zhupei.cli._server import run_server  # noqa: PLC0415 - see zhupei.cli

        run_server(settings, listening, certificate=certificate)
    return 0


def _listener(settings: Settings) -> AbstractContextManager[socket.socket]:
    if settings.socket is not None:
        return unix_listener(settings.socket)
    return listener(settings.host, settings.port)
