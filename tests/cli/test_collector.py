"""What the collector does while a server runs: seldom, but it still gives up what holds itself."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from zhupei.cli import _server


class _Link:
    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def collector() -> Iterator[None]:
    thresholds, enabled = gc.get_threshold(), gc.isenabled()
    gc.disable()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    if enabled:
        gc.enable()


@pytest.mark.usefixtures("collector")
def test_what_holds_itself_goes_within_so_many_new_objects() -> None:
    _server._collect_seldom()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000
    links = [weakref.ref(_Link()) for _ in range(_server._NEW_OBJECTS // 8)]
    assert all(link() is not None for link in links)
    for _ in range(3):
        links += [weakref.ref(_Link()) for _ in range(_server._NEW_OBJECTS)]
    assert sum(link() is not None for link in links) < 2 * _server._NEW_OBJECTS


@pytest.mark.usefixtures("collector")
def test_what_references_give_up_never_wakes_it() -> None:
    _server._collect_seldom()
    runs = gc.get_stats()[0]["collections"]
    for _ in range(100):
        rows = [[number] for number in range(_server._NEW_OBJECTS // 10)]
        del rows
    assert gc.get_stats()[0]["collections"] == runs
