"""The child's voice: events go to the gate as JSON lines and into the child's own record."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

    from probes.record import Record

_PASSWORD = re.compile(r"://([^/\s:@]*):[^/\s@]+@")
_LONGEST_TEXT = 65_536
_MOST_LINES = 200
_MARGIN = 0.3  # seconds before the gate's own timeout, so that the child can still say what hangs


class Reporter:
    """Reports the boot; `deadline` is when the child has to give up, on the monotonic clock."""

    def __init__(self, channel: socket.socket, record: Record, boot_timeout: float) -> None:
        self.record = record
        self.deadline = record.started + max(boot_timeout - _MARGIN, boot_timeout / 2)
        self._channel = channel
        self._known = {check.name for check in record.checks.values() if check.status == "ok"}

    def phase(self, name: str) -> None:
        """The boot enters a phase."""
        self._send({"phase": name})

    def warning(self, text: str) -> None:
        """Something is not an error today."""
        if text not in self.record.warnings:
            self._send({"warning": text})

    def diagnostics(self, **values: str) -> None:
        """What a report should say about where the service comes from."""
        self._send({"diagnostics": values})

    def running(self, name: str) -> float:
        """A check begins; when, for `ok` and `failed`."""
        self._check(name, status="running", stack=[], resolution=[])
        return time.monotonic()

    def ok(self, name: str, began: float, detail: str = "") -> None:
        """The check holds."""
        self._check(name, status="ok", seconds=_since(began), detail=detail, resolution=[])

    def failed(
        self, name: str, detail: str, *resolution: str, began: float | None = None, stack: list[str] | None = None
    ) -> None:
        """The check does not hold."""
        seconds = _since(began) if began else 0.0
        self._check(
            name, status="failed", seconds=seconds, detail=detail, resolution=list(resolution), stack=stack or []
        )

    def waiting(self, name: str, detail: str, *resolution: str, began: float, attempts: int) -> None:
        """The check holds once something outside is there."""
        self._check(
            name,
            status="waiting",
            seconds=_since(began),
            detail=detail,
            resolution=list(resolution),
            attempts=attempts,
        )

    def ready(self, status: str) -> None:
        """Everything holds and the application has started: the gate may hand over. `status` is readiness's."""
        self.record.enter("ready")
        self._send({"ready": status})

    def verdict(self, status: int) -> int:
        """The boot ends here with this exit status; what was printed is flushed first."""
        with suppress(Exception):  # whatever the application made of its streams
            logging.shutdown()
            sys.stdout.flush()
        self._send({"verdict": status})
        return status

    def _check(self, name: str, **fields: Any) -> None:
        if name not in self._known:
            told = {key: _presentable(value) for key, value in fields.items()}
            self._send({"check": name, **told})

    def _send(self, event: dict[str, Any]) -> None:
        self.record.apply(event)
        self._channel.sendall(json.dumps(event).encode() + b"\n")


def _presentable(value: Any) -> Any:
    """Texts without passwords of URLs, and cut where nobody would read on: they are shown to probes."""
    if isinstance(value, list):
        return [_presentable(item) for item in value[:_MOST_LINES]]
    if not isinstance(value, str):
        return value
    text = _PASSWORD.sub(r"://\1:***@", value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}… ({len(text)} characters)"


def _since(began: float) -> float:
    return round(time.monotonic() - began, 6)
