"""What every test may use: one PostgreSQL for the whole run, a fresh database for each test."""

from __future__ import annotations

import gc
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from postgres_server import PostgresServer
from zhupei.db.connection import Database

_PROJECT = Path(__file__).parent.parent

# Applications are made by the hundred, each of them a large graph of objects that lives as long as
# its test: looking for garbage as often as Python does by itself takes a third of making one.
gc.set_threshold(50_000, 20, 20)

# How long an example takes says something about the machine's other work, not about the rule.
settings.register_profile("zhupei", deadline=None)
settings.load_profile("zhupei")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder for an embedded server of the test's own.

    As root the server runs under another account, and pytest closes its own folders to others
    whenever a run begins, also under the feet of another run.
    """
    with tempfile.TemporaryDirectory(prefix="zhupei-test-", dir="/tmp") as name:
        yield Path(name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The PostgreSQL of this run, shared by its workers and kept on disk for the next run."""
    own = os.environ.get("TEST_POSTGRES_URL")
    server = PostgresServer(_PROJECT / ".zhupei" / "tests", own)
    yield server
    server.stop()


@pytest.fixture
def database_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a migrated database without rows, of this test alone."""
    name = postgres_server.borrow()
    yield postgres_server.url(name)
    postgres_server.give_back(name)


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """A started connection to a fresh, migrated database; `with database.use():` for models."""
    connected = Database(data_dir=tmp_path, url=database_url, pool_size=4)
    await connected.start()
    yield connected
    await connected.stop()


# Whole walks through PostgreSQL, and printed pages: run by `make check`, not by `make test`.
_SLOW = {
    ("tests", "db"),
    ("tests", "graphql", "mutations"),
    ("tests", "jobs"),
    ("tests", "services", "admissions"),
    ("tests", "services", "allocation"),
    ("tests", "services", "brochures"),
    ("tests", "services", "interviews"),
    ("tests", "services", "notices"),
    ("tests", "services", "papers"),
    ("tests", "services", "score_sheets"),
}
# Fixtures over the configuration and the plugins that the repository carries.
_REAL = {"planned", "real"}


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Give slow tests twice as many workers as there are cores.

    For half of their time they wait: for servers to start, for PostgreSQL, for npm, for a clock.
    """
    if config.option.markexpr != "slow" or not hasattr(os, "sched_getaffinity"):
        return None
    return 2 * len(os.sched_getaffinity(0))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files without slow tests unread where only those are asked for: more than half."""
    if config.option.markexpr != "slow" or not collection_path.match("test_*.py"):
        return None
    return None if _may_be_slow(collection_path) else True


@cache
def _may_be_slow(path: Path) -> bool:
    """Return whether a file says anywhere that something is slow, or is in a folder that is."""
    place = path.relative_to(_PROJECT).parts
    return place[:3] in _SLOW or place[:2] in _SLOW or b"slow" in path.read_bytes()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Mark what needs the real institutions, so that the rest can run without any (`make bare`).

    When what is not asked for is left out, deal the rest out to the workers.

    Raises:
        pytest.UsageError: a test is slow, and its file would not be read for that.

    """
    for item in items:
        place = item.path.relative_to(_PROJECT).parts
        fixtures = set(getattr(item, "fixturenames", ()))
        if place[:3] in _SLOW or place[:2] in _SLOW:
            item.add_marker("slow")
        own_tests = place[0] == "plugins" or place[:2] == ("tests", "bases")
        if own_tests or fixtures & _REAL:
            item.add_marker("institutions")
        if item.get_closest_marker("slow") is not None and not _may_be_slow(item.path):
            raise pytest.UsageError(f"{item.nodeid} is slow, and nothing in its file says so")
    yield
    _deal(items)


def _deal(items: list[pytest.Item]) -> None:
    """Let every worker begin with tests that take long, so that none has one left at the end.

    Each gets an even part of them before the even part of the others, in the suite's order, that
    it gets anyway.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = sorted((item for item in items if _seconds(item)), key=_seconds, reverse=True)
    if workers == 1 or not long:
        return
    rest = (item for item in items[:] if not _seconds(item))
    dealt: list[pytest.Item] = []
    for number in range(workers):
        own = long[number::workers]
        others = max(0, (len(items) + number) // workers - len(own))
        dealt += [*own, *itertools.islice(rest, others)]
    items[:] = [*dealt, *rest]


def _seconds(item: pytest.Item) -> float:
    """Return how long a test takes, where its mark says so."""
    return max((each.kwargs.get("seconds", 0) for each in item.iter_markers("slow")), default=0)
