"""Which servers run on a data directory: each leaves a locked note there."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["announced", "running_servers"]


@contextlib.contextmanager
def announced(data_dir: Path) -> Iterator[None]:
    """Leave a locked note with our process id; the lock ends with the process, however it ends."""
    path = data_dir / "run" / str(os.getpid())
    with contextlib.ExitStack() as stack:
        # A data directory that cannot be written is reported with the database.
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            note = stack.enter_context(path.open("wb"))
            fcntl.flock(note, fcntl.LOCK_EX)
            stack.callback(path.unlink, missing_ok=True)
        yield


def running_servers(data_dir: Path) -> tuple[int, ...]:
    """Return the process ids of the servers that use ``data_dir``; removes notes of dead ones.

    The lock, not the number, tells: a number may belong to somebody else by now.
    """
    found = []
    for path in sorted((data_dir / "run").glob("[0-9]*")):
        with contextlib.suppress(FileNotFoundError), path.open("rb") as note:
            try:
                fcntl.flock(note, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                found.append(int(path.name))
            else:
                path.unlink(missing_ok=True)
    return tuple(found)
