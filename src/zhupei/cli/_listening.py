"""Listening on a port, or saying why that cannot be."""

from __future__ import annotations

import errno
import socket

from zhupei.cli import CommandError
from zhupei.domain.text import Text

__all__ = ["listener"]


def listener(host: str, port: int, *, variable: str = "PORT") -> socket.socket:
    """Return a socket that listens; a `CommandError` says why none does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise _cannot_listen(host, port, variable, error) from error


def _cannot_listen(host: str, port: int, variable: str, error: Exception) -> CommandError:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return CommandError(
            Text(f"{host} 的端口 {port} 已被占用", f"port {port} on {host} is in use"),
            hint=Text(
                f"设置 {variable} 使用其他端口，例如 {variable}=8001",
                f"set {variable} to another, as in {variable}=8001",
            ),
        )
    return CommandError(
        Text(
            f"无法在 {host} 的端口 {port} 监听：{error}", f"cannot listen on {host}:{port}: {error}"
        ),
        hint=Text(f"检查 ZHUPEI_HOST 与 {variable}", f"check ZHUPEI_HOST and {variable}"),
    )
