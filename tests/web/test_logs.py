"""Tests of zhupei.web.logs."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime

import asyncpg
import pytest

from zhupei.settings import LogFormat
from zhupei.web.logs import configure_logging, current_operation, current_request_id, log_access


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Give the process its logging back: configuring is for whole processes."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {
        name: logging.getLogger(name).level
        for name in ("asyncio", "strawberry", "tortoise", "uvicorn")
    }
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(False)


def test_a_text_line_has_time_level_event_and_fields() -> None:
    out = io.StringIO()
    configure_logging(LogFormat.TEXT, "info", out)
    logging.getLogger("zhupei").info("serving", extra={"bases": 41, "degraded": "a b: 原因"})
    moment, level, rest = out.getvalue().split(maxsplit=2)
    assert datetime.fromisoformat(moment).utcoffset().total_seconds() == 8 * 3600  # type: ignore[union-attr]  # aware, or the test fails
    assert (level, rest) == ("info", 'serving bases=41 degraded="a b: 原因"\n')


@pytest.mark.parametrize("created", [0.0, 1_781_740_799.9996, 1_781_740_800.0, 1_781_740_800.25])
def test_instants_are_those_of_china_to_the_millisecond(created: float) -> None:
    out = io.StringIO()
    configure_logging(LogFormat.TEXT, "info", out)
    for each in (created, created + 0.001, created):
        record = logging.makeLogRecord(
            {"msg": "a", "levelno": 20, "levelname": "INFO", "created": each}
        )
        logging.getLogger().handle(record)
        line = out.getvalue().splitlines()[-1]
        moment = datetime.fromisoformat(line.split()[0])
        assert 0 <= each - moment.timestamp() < 0.0011
        assert moment.isoformat(timespec="milliseconds").endswith("+08:00")
        assert line.split()[0] == moment.isoformat(timespec="milliseconds")


def test_the_line_of_a_request_has_method_path_status_and_milliseconds() -> None:
    out = io.StringIO()
    configure_logging(LogFormat.JSON, "info", out)
    log_access("POST", "/graphql", 200, 0.01234)
    line = json.loads(out.getvalue())
    line.pop("time")
    assert line == {
        "level": "info",
        "logger": "zhupei.access",
        "event": "request",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "ms": 12.3,
    }
    configure_logging(LogFormat.JSON, "warning", out)
    log_access("POST", "/graphql", 200, 0.01234)
    assert out.getvalue().count("\n") == 1


def test_nothing_breaks_a_line() -> None:
    out = io.StringIO()
    configure_logging(LogFormat.TEXT, "info", out)
    logging.getLogger("x").error("one\ntwo\r\nthree", extra={"field": "a\nb", "empty": ""})
    assert out.getvalue().count("\n") == 1
    assert out.getvalue().endswith('one\\ntwo\\r\\nthree field="a\\nb" empty=""\n')


def test_a_json_line_carries_request_and_traceback() -> None:
    out = io.StringIO()
    configure_logging(LogFormat.JSON, "info", out)
    token = current_request_id.set("request-0001")
    try:
        raise ValueError("出错")
    except ValueError:
        logging.getLogger("zhupei.graphql").exception("unexpected", extra={"path": "a.b"})
    finally:
        current_request_id.reset(token)
    assert out.getvalue().count("\n") == 1
    line = json.loads(out.getvalue())
    assert (line["level"], line["logger"], line["event"]) == (
        "error",
        "zhupei.graphql",
        "unexpected",
    )
    assert (line["request"], line["path"]) == ("request-0001", "a.b")
    assert line["traceback"].endswith("ValueError: 出错")


def test_a_traceback_holds_no_row_of_the_database() -> None:
    out = io.StringIO()
    configure_logging(LogFormat.JSON, "info", out)
    failure = asyncpg.NotNullViolationError('null value in column "facts"')
    failure.detail = "Failing row contains (1, 张三, 13911223344, null)."
    try:
        raise failure
    except asyncpg.PostgresError:
        logging.getLogger("zhupei").exception("unexpected")
    traceback = json.loads(out.getvalue())["traceback"]
    assert 'null value in column "facts"' in traceback
    assert traceback.endswith("DETAIL: …")


def test_libraries_do_not_write_statements_or_values() -> None:
    out = io.StringIO()
    configure_logging(LogFormat.TEXT, "debug", out)
    logging.getLogger("tortoise.db_client").debug("SELECT %s", "110101199003070000")
    logging.getLogger("strawberry.execution").error("a query with its variables")
    logging.getLogger("uvicorn.error").info("Started server process")
    assert out.getvalue() == ""


def test_the_level_is_kept_and_configuring_twice_writes_once() -> None:
    out = io.StringIO()
    configure_logging(LogFormat.TEXT, "info", out)
    configure_logging(LogFormat.TEXT, "warning", out)
    logging.getLogger("zhupei").info("not this")
    logging.getLogger("zhupei").warning("this")
    assert out.getvalue().count("\n") == 1
    assert " this\n" in out.getvalue()


def test_a_line_tells_which_operation_it_belongs_to() -> None:
    out = io.StringIO()
    configure_logging(LogFormat.TEXT, "info", out)
    request, operation = current_request_id.set("request-0001"), current_operation.set("Bases")
    logging.getLogger("zhupei").info("asked")
    current_operation.reset(operation)
    current_request_id.reset(request)
    logging.getLogger("zhupei").info("asked")
    within, without = out.getvalue().splitlines()
    assert within.endswith(" asked request=request-0001 operation=Bases")
    assert without.endswith(" asked")
