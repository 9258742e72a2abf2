"""Log lines: one line each, with the request's id and operation, and nothing personal."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from zhupei.settings import LogFormat

__all__ = ["configure_logging", "current_operation", "current_request_id", "log_access"]

_TIME_ZONE = ZoneInfo("Asia/Shanghai")

current_request_id: ContextVar[str | None] = ContextVar("zhupei_request_id", default=None)

current_operation: ContextVar[str | None] = ContextVar("zhupei_operation", default=None)
"""The name of the operation under way, as `zhupei.tracing.safe_operation_name` gives it."""

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


def log_access(method: str, path: str, status: int, seconds: float) -> None:
    """Write the line of one request: never its query string, a body or an address."""
    _access.info(
        "request",
        extra={
            "method": method,
            "path": path,
            "status": status,
            "ms": round(seconds * 1000, 1),
        },
    )


class _Formatter(logging.Formatter):
    """Time, level, event and fields; a traceback is folded into the same line."""

    def __init__(self, form: LogFormat) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if (request_id := current_request_id.get()) is not None:
            fields["request"] = request_id
        if (operation := current_operation.get()) is not None:
            fields["operation"] = operation
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        moment = datetime.fromtimestamp(record.created, _TIME_ZONE).isoformat(
            timespec="milliseconds"
        )
        if self._form is LogFormat.JSON:
            return json.dumps(
                {
                    "time": moment,
                    "level": record.levelname.lower(),
                    "logger": record.name,
                    "event": record.getMessage(),
                    **fields,
                },
                ensure_ascii=False,
                default=str,
            )
        parts = [moment, record.levelname.lower().ljust(7), _one_line(record.getMessage())]
        parts += [f"{name}={_quoted(value)}" for name, value in fields.items()]
        return " ".join(parts)


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _quoted(value: object) -> str:
    text = str(value)
    if text and not any(character in text for character in ' "=\r\n'):
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
