"""Listening on a port or at a Unix socket, or saying why that cannot be."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator
from pathlib import Path

from zhupei.cli import CommandError
from zhupei.domain.text import Text

__all__ = ["listener", "unix_listener"]

_BACKLOG = 2048
# For its owner and its group, to which the proxy in front belongs.
_SOCKET_MODE = 0o660


def listener(host: str, port: int, *, variable: str = "PORT") -> socket.socket:
    """Return a socket that listens; a `CommandError` says why none does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        raise _cannot_listen(host, port, variable, error) from error


@contextlib.contextmanager
def unix_listener(path: Path) -> Iterator[socket.socket]:
    """Yield a socket that listens at ``path``; the file is removed with it.

    What a server left behind that was killed is replaced; anything else that is there is not.

    Raises:
        CommandError: a server listens there already, or none can.

    """
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        try:
            if path.is_socket():
                _remove_if_dead(path)
            listening.bind(str(path))
            # Before anybody may come: until then a connection is refused.
            path.chmod(_SOCKET_MODE)
            made = path.stat().st_ino
            listening.listen(_BACKLOG)
        except OSError as error:
            raise _cannot_listen_at(path, error) from error
        stack.callback(_remove_own, path, made)
        yield listening


def _remove_if_dead(path: Path) -> None:
    """Remove a socket's file at which nobody listens; else raise OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
    raise OSError(errno.EADDRINUSE, "somebody listens there")


def _remove_own(path: Path, made: int) -> None:
    # Another server may have taken the place meanwhile.
    with contextlib.suppress(OSError):
        if path.stat().st_ino == made:
            path.unlink()


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


def _cannot_listen_at(path: Path, error: OSError) -> CommandError:
    if error.errno == errno.EADDRINUSE:
        return CommandError(
            Text(f"套接字 {path} 已被占用", f"{path} is in use"),
            hint=Text(
                "停止占用它的服务，或移走该文件，或为 ZHUPEI_SOCKET 设置其他路径",
                "stop the server that uses it, move the file away, or set ZHUPEI_SOCKET to another",
            ),
        )
    return CommandError(
        Text(f"无法在套接字 {path} 监听：{error}", f"cannot listen at {path}: {error}"),
        hint=Text(
            "检查 ZHUPEI_SOCKET：目录须存在且可写，路径不超过 107 个字节",
            "check ZHUPEI_SOCKET: its folder exists and can be written, and the path has at most "
            "107 bytes",
        ),
    )
