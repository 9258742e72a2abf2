"""Tests of zhupei.web.request_ids."""

from __future__ import annotations

import os
import re

import pytest

from zhupei.web.request_ids import RequestIds


def test_every_id_is_another_one() -> None:
    ids = RequestIds()
    drawn = [ids.new() for _ in range(2000)]
    assert len(set(drawn)) == 2000
    assert all(re.fullmatch(rb"[0-9a-f]{32}", each) for each in drawn)
    assert not set(drawn) & {RequestIds().new() for _ in range(100)}


def test_a_process_that_is_forked_draws_anew() -> None:
    ids = RequestIds()
    ids.new()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, ids.new())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 32)
    os.close(reading)
    os.close(writing)
    assert len(theirs) == 32
    assert theirs not in {ids.new() for _ in range(300)}


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (b"my-own-id_1.2", True),
        (b"short", False),
        (b"x" * 65, False),
        (b"line\nline-line", False),
        (b"", False),
    ],
)
def test_an_id_that_cannot_disturb_a_log_is_taken_over(sent: bytes, taken: bool) -> None:
    found = RequestIds().of([(b"host", b"a"), (b"x-request-id", sent)])
    assert (found == sent) is taken
    assert len(found) == (len(sent) if taken else 32)
