"""The gate's words: the log of a boot as text or JSON lines, the final report, the termination log.

Standard library only. Text lines begin with the markers that the README lists.
"""

from __future__ import annotations

import os
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from probes.record import Check, Record

SUCCESS = "ALL STARTUP CHECKS PASSED - SYSTEM READY"
FAILURE = "CRITICAL: STARTUP VALIDATION FAILED - CANNOT PROCEED"
TERMINATION_LOG = "/dev/termination-log"
TERMINATION_LOG_SIZE = 4096
"""Bytes that Kubernetes reads of a termination message (container status, terminationMessagePath)."""
_STACK_LINES = 30
_LINE_SECONDS = 0.05
_REPORT_SECONDS = 1.0
_MARKERS = {"ok": "[OK]", "failed": "[FAIL]", "waiting": "[WAIT]"}
_LEVELS = {"ok": "info", "failed": "error", "waiting": "warning"}


class Log:
    """The log of a boot as text; the other formats are its subclasses."""

    def say(self, text: str) -> None:
        """What the gate itself does."""
        write(f"[BOOT] {text}")

    def warning(self, text: str) -> None:
        """What is not an error today."""
        write(f"[VALIDATION] warning: {text}")

    def check(self, check: Check) -> None:
        """A check that was concluded, or that waits."""
        write(f"{_MARKERS[check.status]} {describe(check)}")

    def ready(self, record: Record) -> None:
        """Every check has passed and the application has started."""
        write(f"[VALIDATION] {len(record.checks)} checks in {record.elapsed():.3f} s\n[BOOT] {SUCCESS}")

    def failed(self, record: Record, status: int, diagnostics: dict[str, Any]) -> None:
        """The whole report of a boot that failed: every error, numbered, and the diagnostics."""
        write(report(record, status, diagnostics), patience=_REPORT_SECONDS)


class JsonLog(Log):
    """The same as one JSON object a line, with time, level, logger and message."""

    def say(self, text: str) -> None:  # noqa: D102
        self._line("info", text)

    def warning(self, text: str) -> None:  # noqa: D102
        self._line("warning", text)

    def check(self, check: Check) -> None:  # noqa: D102
        self._line(_LEVELS[check.status], describe(check), check=check.body())

    def ready(self, record: Record) -> None:  # noqa: D102
        self._line("info", SUCCESS, **outcome(record))

    def failed(self, record: Record, status: int, diagnostics: dict[str, Any]) -> None:  # noqa: D102
        fields = {**outcome(record), "exit_status": status, "diagnostics": diagnostics}
        self._line("critical", FAILURE, _REPORT_SECONDS, **fields)

    def _line(self, level: str, message: str, patience: float = _LINE_SECONDS, **fields: Any) -> None:
        import json

        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
        entry = {"time": stamp, "level": level, "logger": "airlock", "message": message, **fields}
        write(json.dumps(entry, ensure_ascii=False), patience)


class JsonDocument(JsonLog):
    """One JSON document at the end and nothing before it: `check --format json`."""

    def _line(self, level: str, message: str, patience: float = _LINE_SECONDS, **fields: Any) -> None:  # noqa: ARG002
        if "checks" in fields:
            import json

            write(json.dumps({"message": message, **fields}, ensure_ascii=False, indent=2), _REPORT_SECONDS)


def log_for(log_format: str) -> Log:
    """The log for `text`, `json` (lines) or `document` (one at the end)."""
    return {"text": Log, "json": JsonLog, "document": JsonDocument}[log_format]()


class _Output:
    """Standard output, written to at once so that a fork repeats nothing, and never waited for in vain.

    A reader that has stalled for `patience` seconds loses the rest, and is not waited for again until it reads on:
    it must not hold up the probes. One that is gone is no error.
    """

    def __init__(self) -> None:
        self._stalled = False

    def write(self, text: str, patience: float = _LINE_SECONDS) -> None:
        data = text.encode(errors="backslashreplace") + b"\n"
        end = time.monotonic() + (0.0 if self._stalled else patience)
        try:
            while data and select.select([], [1], [], max(0.0, end - time.monotonic()))[1]:
                data = data[_write(data[: select.PIPE_BUF]) :]
        except OSError:
            pass
        self._stalled = bool(data)


write = _Output().write


def _write(data: bytes) -> int:
    try:
        return os.write(1, data)
    except BlockingIOError:
        return 0


def describe(check: Check) -> str:
    """A check in one line."""
    detail = f": {check.shown_detail}" if check.detail else ""
    return f"{check.name}{detail} ({check.seconds * 1000:.1f} ms)"


def outcome(record: Record) -> dict[str, Any]:
    """A boot for machines: status, seconds, seconds by phase, checks, warnings."""
    return {
        "status": "failed" if record.failed else "ok",
        "elapsed_seconds": round(record.elapsed(), 3),
        "phases": {name: round(value, 4) for name, value in record.phase_seconds().items()},
        "checks": [{**check.body(), "stack": check.stack} for check in record.checks.values()],
        "warnings": record.warnings,
    }


def report(record: Record, status: int, diagnostics: dict[str, Any]) -> str:
    """The report of a failed boot as text."""
    errors = record.failed
    lines = ["", "=" * 72, FAILURE, "=" * 72, f"{len(errors)} error{'s' * (len(errors) != 1)}", ""]
    for number, check in enumerate(errors, 1):
        lines += [f"ERROR {number}: {check.name}", *_indented(check.detail, "    "), ""]
        if check.stack:
            lines += [
                "    STACK (innermost first):",
                *(f"      {line}" for line in check.stack[:_STACK_LINES]),
                "",
            ]
        if check.resolution:
            lines += ["    RESOLUTION STEPS:"]
            lines += [f"      {step}. {text}" for step, text in enumerate(check.resolution, 1)]
            lines += [""]
    if record.warnings:
        lines += ["WARNINGS:", *(f"    {warning}" for warning in record.warnings), ""]
    lines += ["DIAGNOSTICS:"]
    for name, value in diagnostics.items():
        if isinstance(value, list):
            lines += [f"    {name}:", *(f"      {item}" for item in value)]
        else:
            lines += [f"    {name}: {value}"]
    lines += ["", f"EXIT STATUS: {status}", "=" * 72]
    return "\n".join(lines)


def summary(record: Record, status: int) -> str:
    """What fits into a termination message: the errors, each with its first way out."""
    errors = record.failed
    lines = [f"{FAILURE} ({len(errors)} error{'s' * (len(errors) != 1)}, exit status {status})"]
    for number, check in enumerate(errors, 1):
        lines.append(f"{number}. {check.name}: {check.detail}")
        if check.resolution:
            lines.append(f"   -> {check.resolution[0]}")
    return "\n".join(lines)


def write_termination_log(path: str, text: str) -> None:
    """Leave `text` for the platform: in the file that TERMINATION_LOG names, or where Kubernetes mounts one."""
    target = path or TERMINATION_LOG
    if not path and not os.path.exists(target):
        return
    data = text.encode(errors="backslashreplace")
    if len(data) > TERMINATION_LOG_SIZE:
        data = data[: TERMINATION_LOG_SIZE - 4].decode(errors="ignore").encode() + "…\n".encode()
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK, 0o644)
        with open(descriptor, "wb", buffering=0) as file:
            file.write(data)
    except OSError:
        pass  # the log has it all; this copy is a courtesy of platforms that offer the file


def _indented(text: str, margin: str) -> list[str]:
    return [margin + line for line in text.splitlines()]
