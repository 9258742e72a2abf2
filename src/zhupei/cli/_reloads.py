"""How a server's last reload went: the server leaves a note, ``zhupei reload`` waits for it."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zhupei.domain.text import Language

if TYPE_CHECKING:
    from zhupei.app import Application
    from zhupei.config.problems import Problems

__all__ = ["ReloadOutcome", "noted_reload", "wait_for_outcome"]


@dataclass(frozen=True, slots=True)
class ReloadOutcome:
    """One reload: when it began (seconds since the epoch), and what is served after it.

    ``replaced`` tells whether the configuration as it stood then is in service; otherwise
    ``problems`` say why not, by language, and ``hash`` is that of the catalogue that stayed.
    """

    started: float
    hash: str | None
    replaced: bool
    problems: dict[str, str]


def noted_reload(application: Application, data_dir: Path) -> Callable[[], Awaitable[None]]:
    """Return the application's reload as a function that leaves a note in ``data_dir``."""

    async def reload() -> None:
        started = time.time()
        catalogue = application.graph.catalogue
        error: BaseException | None = None
        try:
            await application.reload()
        except BaseException as raised:
            error = raised
            raise
        finally:
            problems = catalogue.last_problems
            texts = _texts(problems) if error is None else {"zh": str(error), "en": str(error)}
            current = catalogue.current
            _write(
                data_dir,
                ReloadOutcome(
                    started=started,
                    hash=current.hash if current is not None else None,
                    replaced=error is None and not problems.errors,
                    problems=texts,
                ),
            )

    return reload


def wait_for_outcome(
    data_dir: Path, process: int, since: float, until: float
) -> ReloadOutcome | None:
    """Return the outcome of a reload that began at ``since`` or later; None when time is over."""
    path = _path(data_dir, process)
    while time.time() < until:
        # The note may be replaced while we look, and be from before.
        with contextlib.suppress(FileNotFoundError):
            outcome = ReloadOutcome(**json.loads(path.read_text("utf-8")))
            if outcome.started >= since:
                return outcome
        if not _lives(process):
            return None
        time.sleep(0.05)
    return None


def _texts(problems: Problems) -> dict[str, str]:
    return {language.value: problems.text(language) for language in Language}


def _write(data_dir: Path, outcome: ReloadOutcome) -> None:
    path = _path(data_dir, os.getpid())
    # A data directory that cannot be written is reported with the database.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob("*.json"):
            if not _lives(int(old.stem)):
                old.unlink(missing_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(outcome), ensure_ascii=False), encoding="utf-8")
        part.replace(path)


def _path(data_dir: Path, process: int) -> Path:
    return data_dir / "reloads" / f"{process}.json"


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
