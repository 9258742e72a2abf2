"""Log lines: one line each, with the request's id and operation, and nothing personal."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from starlette.types import Scope

from zhupei.settings import LogFormat

__all__ = [
    "configure_logging",
    "current_operation",
    "current_request_id",
    "log_access",
    "path_told",
]

_TIME_ZONE = ZoneInfo("Asia/Shanghai")

current_request_id: ContextVar[str | None] = ContextVar("zhupei_request_id", default=None)

current_operation: ContextVar[str | None] = ContextVar("zhupei_operation", default=None)
"""The name of the operation under way, as `zhupei.tracing.safe_operation_name` gives it."""

_PLAIN_SEGMENT = re.compile(r"[A-Za-z][A-Za-z._-]{0,31}")
_LEFT_OUT = "…"
# PostgreSQL says there which values, or which whole row, it did not take.
_ROW = re.compile(r"^([ |]*DETAIL:).*", re.MULTILINE)
_NEEDS_QUOTES = re.compile(r'[ "=\r\n]')
# Made once: `json.dumps` with options makes one each time.
_encoder = json.JSONEncoder(ensure_ascii=False, default=str)
_access = logging.getLogger("zhupei.access")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}

# Libraries that would write statements with their values, or errors that we report ourselves.
_QUIET = {
    "asyncio": logging.WARNING,
    "procrastinate": logging.WARNING,
    "psycopg": logging.ERROR,
    "strawberry": logging.CRITICAL,
    "tortoise": logging.WARNING,
    "uvicorn": logging.WARNING,
}


def path_told(scope: Scope) -> str:
    """Return the path of a request as it may be logged.

    Of what a route takes, the route: what stands in its places may be somebody's. Of other paths
    the words: a number, an address or a token that somebody put there is left out.
    """
    route = scope.get("route")
    path = getattr(route, "path", None)
    if isinstance(path, str):
        return path
    return "/".join(
        each if not each or _PLAIN_SEGMENT.fullmatch(each) else _LEFT_OUT
        for each in str(scope["path"]).split("/", 8)
    )


def log_access(method: str, path: str, status: int, seconds: float) -> None:
    """Write the line of one request: never its query string, a body or an address."""
    if not _access.isEnabledFor(logging.INFO):
        return
    fields = {"method": method, "path": path, "status": status, "ms": round(seconds * 1000, 1)}
    # Made by hand, so that nobody looks for the line of code that it comes from.
    record = _access.makeRecord(
        _access.name, logging.INFO, "", 0, "request", (), None, extra=fields
    )
    _access.handle(record)


class _Formatter(logging.Formatter):
    """Time, level, event and fields; a traceback is folded into the same line."""

    def __init__(self, form: LogFormat) -> None:
        super().__init__()
        self._form = form
        self._second = -1
        self._began = ""

    def format(self, record: logging.LogRecord) -> str:
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if (request_id := current_request_id.get()) is not None:
            fields["request"] = request_id
        if (operation := current_operation.get()) is not None:
            fields["operation"] = operation
        if record.exc_info:
            traceback = self.formatException(record.exc_info)
            fields["traceback"] = _ROW.sub(rf"\1 {_LEFT_OUT}", traceback)
        moment = self._moment(record.created)
        if self._form is LogFormat.JSON:
            line = {
                "time": moment,
                "level": record.levelname.lower(),
                "logger": record.name,
                "event": record.getMessage(),
                **fields,
            }
            return _encoder.encode(line)
        parts = [moment, record.levelname.lower().ljust(7), _one_line(record.getMessage())]
        parts += [f"{name}={_quoted(value)}" for name, value in fields.items()]
        return " ".join(parts)

    def _moment(self, created: float) -> str:
        """Return an instant in ISO 8601; lines of one second share most of it."""
        second = int(created)
        if second != self._second:
            self._began = datetime.fromtimestamp(second, _TIME_ZONE).isoformat()
            self._second = second
        return f"{self._began[:19]}.{int((created - second) * 1000):03}{self._began[19:]}"


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _quoted(value: object) -> str:
    text = str(value)
    if text and _NEEDS_QUOTES.search(text) is None:
        return text
    return json.dumps(text, ensure_ascii=False)


def configure_logging(form: LogFormat, level: str, stream: TextIO | None = None) -> None:
    """Send every log line of this process to ``stream`` (standard error) in one form.

    Called once by a command, never by importing and never by `create_app`.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Formatter(form))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)
    logging.captureWarnings(True)
