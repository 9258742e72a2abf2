"""The embedded PostgreSQL: a real server from a wheel, kept in a directory of its own.

Only the wheel's binaries are used; see ``docs/decisions/0003-embedded-postgresql.md`` for why the
server is started by this module and not by the wheel's Python layer.

Several processes may share one directory (``serve`` and ``check --database``, or the workers of a
test run). Each holds a shared lock while it uses the server, and whoever finds itself alone at the
end stops it; a process that is killed loses its lock with its life, so that the next user inherits
the server and the duty to stop it.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from zhupei.db.embedded_cluster import (
    PORT,
    SUPERUSER,
    Cluster,
    EmbeddedPostgresError,
    find_binaries,
)

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "ServerAddress", "find_binaries"]

_log = logging.getLogger("zhupei.db")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a running server listens: the folder of its Unix socket, its port, its superuser."""

    socket_dir: Path
    port: int = PORT
    user: str = SUPERUSER


class EmbeddedPostgres:
    """A PostgreSQL server whose files live in one directory.

    ``start`` and ``stop`` block (a first start takes about a second); call them in a thread.

    Args:
        directory: the server's own directory; made when it is missing.
        durable: False for tests: commits are not forced to disk.

    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self._cluster = Cluster(directory, durable=durable)
        self._use: IO[bytes] | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> ServerAddress:
        """Where the server listens while it runs."""
        return ServerAddress(self._cluster.socket_dir)

    def start(self, *, timeout: float = 60) -> ServerAddress:
        """Start the server, or join the one that runs in the directory; return its address.

        Raises:
            EmbeddedPostgresError: the wheel, an account, a permission or disk space is missing,
                or the server did not answer within ``timeout`` seconds.

        """
        if self._use is not None:
            return self.address
        try:
            binaries = find_binaries()
            self._cluster.prepare(binaries)
            with self._transition():
                self._take_use()
                try:
                    if not self._cluster.answers():
                        self._cluster.initialise(binaries)
                        self._launch(binaries, timeout)
                except BaseException:
                    self._release_use()
                    raise
        except OSError as error:
            raise EmbeddedPostgresError(
                f"{self._cluster.directory} 中的 PostgreSQL 无法启动：{error}",
                f"PostgreSQL in {self._cluster.directory} cannot start: {error}",
            ) from error
        return self.address

    @property
    def has_ended(self) -> bool:
        """Whether the server ended although it is used: killed, say, or out of memory."""
        if self._use is None:
            return False
        if self._child is not None:
            return self._child.poll() is not None
        postmaster = self._cluster.postmaster()
        return postmaster is None or not _is_alive(postmaster[0])

    def revive(self, *, timeout: float = 60) -> bool:
        """Start the server again where it has ended; tell whether it had.

        Of several processes that use it one does so. What was committed is in the journal.

        Raises:
            EmbeddedPostgresError: as `start`; the sessions of the one that ended may still be
                about to notice, so that it is worth trying again.

        """
        if not self.has_ended:
            return False
        try:
            with self._transition():
                if not self.has_ended:
                    return False
                self._child = None
                if self._cluster.answers():
                    return False
                self._launch(find_binaries(), timeout)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"{self._cluster.directory} 中的 PostgreSQL 无法重新启动：{error}",
                f"PostgreSQL in {self._cluster.directory} cannot start again: {error}",
            ) from error
        return True

    def stop(self, *, timeout: float = 1.5) -> bool:
        """Give the server up, and stop it when nobody else uses it; tell whether it was stopped.

        Open sessions are ended and everything committed is kept. When it does not end within
        ``timeout`` seconds it is ended at once, and replays its journal at the next start.
        """
        if self._use is None:
            return False
        with self._transition():
            alone = self._is_only_user()
            self._release_use()
            if alone:
                self._terminate(timeout)
                if self._cluster.socket_dir != self._cluster.directory:
                    with contextlib.suppress(OSError):
                        self._cluster.socket_dir.rmdir()
            elif self._child is not None:
                # It outlives us for the others; without this, Popen warns that it still runs.
                self._child.returncode = 0
                self._child = None
        return alone

    # The lock files: `transition.lock` is held for the moment of starting or stopping,
    # `users.lock` (shared) for as long as the server is used.

    @contextlib.contextmanager
    def _transition(self) -> Iterator[None]:
        with (self._cluster.directory / "transition.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _take_use(self) -> None:
        self._use = (self._cluster.directory / "users.lock").open("wb")
        fcntl.flock(self._use, fcntl.LOCK_SH)

    def _release_use(self) -> None:
        if self._use is not None:
            self._use.close()
            self._use = None

    def _is_only_user(self) -> bool:
        if self._use is None:
            return False
        try:
            fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _launch(self, binaries: Path, timeout: float) -> None:
        self._child = self._cluster.launch(binaries)
        deadline = time.monotonic() + timeout
        while not self._cluster.answers():
            if self._child.poll() is not None:
                raise self._did_not_start(f"exit status {self._child.returncode}")
            if time.monotonic() > deadline:
                self._terminate(0)
                raise self._did_not_start(f"no answer within {timeout:g} s")
            time.sleep(0.01)
        _log.debug("embedded PostgreSQL started", extra={"pid": self._child.pid})

    def _did_not_start(self, outcome: str) -> EmbeddedPostgresError:
        reason = self._cluster.last_words() or outcome
        return EmbeddedPostgresError(
            f"PostgreSQL 未能启动（{outcome}）：{reason}；日志见 {self._cluster.log}",
            f"PostgreSQL did not start ({outcome}): {reason}; its log is {self._cluster.log}",
        )

    def _terminate(self, timeout: float) -> None:
        postmaster = self._cluster.postmaster()
        if self._child is not None:
            pid = self._child.pid
        elif postmaster is not None and self._cluster.answers():
            pid = postmaster[0]
        else:
            return
        # SIGINT: end sessions, write a checkpoint, exit; SIGQUIT: exit now, replay later.
        for sent, patience in ((signal.SIGINT, timeout), (signal.SIGQUIT, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sent)
            if self._ended(pid, patience):
                break
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._child = None

    def _ended(self, pid: int, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while True:
            if self._child is not None:
                if self._child.poll() is not None:
                    return True
            elif not _is_alive(pid) or self._cluster.postmaster() is None:
                # Its file goes last; the process may stay as a zombie until its parent looks.
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
