"""The application's logging: standard library records as text or JSON lines, each with its request's id."""

from __future__ import annotations

import json
import logging
import sys
import time
from contextvars import ContextVar

current_request_id: ContextVar[str | None] = ContextVar("airlock_request_id", default=None)


def configure(log_format: str) -> None:
    """Send every record from INFO on to standard error in the format that LOG_FORMAT chose."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


class TextFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.000Z INFO logger: message [request id]`, a traceback after it."""

    def format(self, record: logging.LogRecord) -> str:  # noqa: D102
        request = current_request_id.get()
        suffix = f" [{request}]" if request else ""
        message = f"{_stamp(record)} {record.levelname} {record.name}: {record.getMessage()}{suffix}"
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        return message


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message, request_id and exception where there is one."""

    def format(self, record: logging.LogRecord) -> str:  # noqa: D102
        entry = {
            "time": _stamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := current_request_id.get():
            entry["request_id"] = request
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def _stamp(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}Z"
