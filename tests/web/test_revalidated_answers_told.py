"""An answer that is given again is counted and logged as any other, and forgotten in time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from answered_desk import TIMELINE, Desk, opened_desk
from zhupei.app import application_of
from zhupei.db import moments
from zhupei.services import remembered_actors
from zhupei.web import revalidated_answers
from zhupei.web.logs import current_operation, current_request_id


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a slow machine count as a fast one does, and others write all the time."""
    monkeypatch.setattr(remembered_actors, "REMEMBERED_SECONDS", 3600.0)
    monkeypatch.setattr(revalidated_answers, "_SECONDS", 20.0)
    monkeypatch.setattr(moments, "_CALM_SECONDS", 3600.0)


def _counted(desk: Desk, hosts: Sequence[str]) -> list[int]:
    """Return how many requests of each address were counted lately."""
    windows: Any = desk.answers._gate.rates._windows
    # The minute may have turned meanwhile.
    minutes = (windows._before, windows._now)
    return [sum(minute.get(f"r:{host}", 0) for minute in minutes) for host in hosts]


@pytest.mark.parametrize("lines", [(), ("x-request-id: of-a-proxy",)])
async def test_whom_a_proxy_asks_for_is_counted_and_nobody_else_is_believed(
    tmp_path: Path, database_url: str, lines: Sequence[str]
) -> None:
    """Whether requests are known by their bytes, or by what they mean."""
    hosts = ("198.51.100.1", "198.51.100.2", "192.0.2.1", "192.0.2.9")
    async with opened_desk(
        tmp_path, database_url, rate_requests=1000, trusted_proxies=("192.0.2.1",)
    ) as desk:
        application = await desk.served.submitted("wang")
        asked = {
            host: await desk.packet(
                TIMELINE, "auditor", f"x-forwarded-for: {host}", *lines, id=application
            )
            for host in hosts[:2]
        }
        for packet in asked.values():
            assert [(await desk.wire.ask(packet)).status for _ in range(5)] == [200] * 5
        assert desk.answers.given == 6
        assert _counted(desk, hosts) == [5, 5, 0, 0]
        stranger = desk.beside("192.0.2.9")
        for packet in asked.values():
            assert [(await stranger.ask(packet)).status for _ in range(4)] == [200] * 4
        assert desk.answers.given == 10
        assert _counted(desk, hosts) == [5, 5, 0, 8]


async def test_every_answer_has_its_line_in_the_log_and_its_figures(
    tmp_path: Path, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[tuple[str | None, str | None]] = []

    class Noting(logging.Filter):
        def filter(self, _record: logging.LogRecord) -> bool:
            seen.append((current_request_id.get(), current_operation.get()))
            return True

    async with opened_desk(tmp_path, database_url, access_log=True) as desk:
        application = await desk.served.submitted("wang")
        packets = [
            await desk.packet(TIMELINE, "auditor", *lines, id=application)
            for lines in ((), ("x-request-id: of-a-proxy",))
        ]
        metrics = application_of(desk.app).graph.metrics
        before = _figures(metrics)
        logger, noting = logging.getLogger("zhupei.access"), Noting()
        logger.addFilter(noting)
        try:
            with caplog.at_level(logging.INFO, "zhupei.access"):
                answers = [await desk.wire.ask(packet) for packet in packets for _ in range(4)]
        finally:
            logger.removeFilter(noting)
        after = _figures(metrics)
    assert desk.answers.given == 4
    lines = [vars(record) for record in caplog.records if record.name == "zhupei.access"]
    shown = {(line["method"], line["path"], line["status"]) for line in lines}
    assert shown == {("POST", "/graphql", 200)}
    assert seen == [(each.headers["x-request-id"], None) for each in answers]
    assert current_request_id.get() is None
    grown = {name: value - before.get(name, 0) for name, value in after.items()}
    assert {name: more for name, more in grown.items() if more} == {
        ("zhupei_http_responses_total", "POST", "200"): 8,
        ("zhupei_operations_total", "unnamed", "ok"): 4,
        ("zhupei_operations_total", "unnamed", "unchanged"): 4,
    }


def _figures(metrics: Any) -> dict[tuple[str, ...], float]:
    wanted = {"zhupei_http_responses_total", "zhupei_operations_total"}
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name in wanted
    }


async def test_what_somebody_may_no_longer_see_is_forgotten(
    tmp_path: Path, database_url: str
) -> None:
    """Also where they go on asking, by which requests are known for longer."""
    async with opened_desk(tmp_path, database_url) as desk:
        application = await desk.served.submitted("wang")
        packet = await desk.packet(TIMELINE, "auditor", id=application)
        await desk.known(packet)
        (read,) = (
            each for each in desk.wire.protocol.read._kept.values() if each.answered is not None
        )
        await desk.served.do(
            "lockAccount",
            "administrator",
            "... on Account { login }",
            account=desk.served.tokens["auditor"],
        )
        for _ in range(3):
            assert (await desk.wire.ask(packet)).status == 401
        assert read.answered is None
        assert read.answered_bytes == 0
        assert desk.answers.given == 0
