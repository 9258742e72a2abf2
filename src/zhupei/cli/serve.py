"""``zhupei serve``: start PostgreSQL, load the configuration and serve the graph."""

from __future__ import annotations

import argparse
import errno
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

from zhupei.cli import CommandError, read_settings
from zhupei.domain.text import Text

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
    with _listener(settings.host, settings.port) as listener:
        # Here, not at the top: it takes most of a second, which `zhupei --help` need not.
        from zhupei.cli._server import run_server  # noqa: PLC0415

        run_server(settings, listener)
    return 0


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise _cannot_listen(host, port, error) from error


def _cannot_listen(host: str, port: int, error: Exception) -> CommandError:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return CommandError(
            Text(f"{host} 的端口 {port} 已被占用", f"port {port} on {host} is in use"),
            hint=Text(
                "设置 PORT 使用其他端口，例如 PORT=8001", "set PORT to another, as in PORT=8001"
            ),
        )
    return CommandError(
        Text(
            f"无法在 {host} 的端口 {port} 监听：{error}", f"cannot listen on {host}:{port}: {error}"
        ),
        hint=Text("检查 ZHUPEI_HOST 与 PORT", "check ZHUPEI_HOST and PORT"),
    )
