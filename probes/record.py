"""What is known of this boot: phases, checks, their times; and how probes are answered from it.

Standard library only. The child writes one and reports every event; the gate repeats the events into its own.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BOOT_PHASES = ("starting", "checking", "importing", "waiting", "lifespan")
STATES = (*BOOT_PHASES, "ready", "draining", "failed")


class Check:
    """One check: its name, status (running, ok, waiting, failed), seconds, detail and resolution steps."""

    def __init__(self, name: str, phase: str) -> None:
        self.name = name
        self.phase = phase
        self.status = "running"
        self.seconds = 0.0
        self.detail = ""
        self.resolution: list[str] = []
        self.attempts = 1
        self.stack: list[str] = []
        self.began = time.monotonic()

    @property
    def shown_detail(self) -> str:
        """The detail, with the number of attempts while it waits."""
        return f"{self.detail} (attempt {self.attempts})" if self.status == "waiting" else self.detail

    def body(self) -> dict[str, Any]:
        """The check as `/health` shows it; a running one has the seconds so far."""
        running = self.status == "running"
        seconds = time.monotonic() - self.began if running else self.seconds
        return {
            "name": self.name,
            "status": self.status,
            "seconds": round(seconds, 4),
            "detail": self.shown_detail,
            "resolution": self.resolution,
        }


class Record:
    """The boot as told by its events, each a JSON object.

    `{"phase": NAME}`, `{"check": NAME, "status": …, "seconds", "detail", "resolution", "attempts", "stack"}`,
    `{"warning": TEXT}`, `{"diagnostics": {NAME: VALUE}}`; times are seconds on the monotonic clock.
    """

    def __init__(self, started: float) -> None:
        self.started = started
        self.state = "starting"
        self.entered = started
        self.seconds: dict[str, float] = {}
        self.checks: dict[str, Check] = {}
        self.warnings: list[str] = []
        self.diagnostics: dict[str, Any] = {}
        self.boot_seconds: float | None = None
        self.unavailable = False

    def apply(self, event: dict[str, Any]) -> None:
        """Take in one event of the boot."""
        if "check" in event:
            self._check(event)
        elif "phase" in event:
            self.enter(event["phase"])
        elif "warning" in event:
            self.warnings.append(event["warning"])
        elif "diagnostics" in event:
            self.diagnostics.update(event["diagnostics"])

    def enter(self, state: str) -> None:
        """Move to a state of the table in the README; the time in the former one is kept."""
        now = time.monotonic()
        if self.state in BOOT_PHASES:
            self.seconds[self.state] = self.seconds.get(self.state, 0.0) + now - self.entered
            if state not in BOOT_PHASES:
                self.boot_seconds = now - self.started
        self.state, self.entered = state, now

    @property
    def booting(self) -> bool:
        """Whether the outcome is still open."""
        return self.state in BOOT_PHASES

    @property
    def failed(self) -> list[Check]:
        """The checks that do not hold, in the order they ran."""
        return [check for check in self.checks.values() if check.status == "failed"]

    @property
    def unfinished(self) -> list[Check]:
        """The checks that are running or waiting."""
        return [check for check in self.checks.values() if check.status in ("running", "waiting")]

    def elapsed(self) -> float:
        """Seconds since the gate started, or what the boot took."""
        return self.boot_seconds if self.boot_seconds is not None else time.monotonic() - self.started

    def status(self) -> str:
        """The `status` of a 503 body while the gate answers."""
        if self.booting:
            return "starting"
        return "unavailable" if self.unavailable and self.state == "ready" else self.state

    def health(self) -> dict[str, Any]:
        """The body of `/health` while the gate answers."""
        return {
            "status": self.status(),
            "phase": self.state,
            "elapsed_seconds": round(self.elapsed(), 3),
            "checks": [check.body() for check in self.checks.values()],
        }

    def health_json(self) -> bytes:
        """`health` as bytes."""
        import json

        return json.dumps(self.health(), ensure_ascii=False).encode(errors="backslashreplace")

    def short_json(self) -> bytes:
        """What anybody may know: status and phase."""
        return f'{{"status": "{self.status()}", "phase": "{self.state}"}}'.encode()

    def metrics(self) -> bytes:
        """The boot metrics in the Prometheus text format 0.0.4."""
        lines = ["# HELP airlock_state State of this instance: one is 1.", "# TYPE airlock_state gauge"]
        lines += [f'airlock_state{{state="{state}"}} {int(state == self.state)}' for state in STATES]
        lines += ["# HELP airlock_boot_seconds Seconds spent in each phase of the boot.",
                  "# TYPE airlock_boot_seconds gauge"]  # fmt: skip
        lines += [
            f'airlock_boot_seconds{{phase="{phase}"}} {seconds:.6f}' for phase, seconds in self.phase_seconds().items()
        ]
        lines += ["# HELP airlock_check_seconds Seconds that each check of the boot contract took.",
                  "# TYPE airlock_check_seconds gauge"]  # fmt: skip
        lines += [
            f'airlock_check_seconds{{check="{_escape(check.name)}"}} {check.body()["seconds"]}'
            for check in self.checks.values()
        ]
        return "\n".join(lines).encode(errors="backslashreplace") + b"\n"

    def phase_seconds(self) -> dict[str, float]:
        """Seconds by phase, the current one included."""
        seconds = dict(self.seconds)
        if self.booting:
            seconds[self.state] = seconds.get(self.state, 0.0) + time.monotonic() - self.entered
        return seconds

    def _check(self, event: dict[str, Any]) -> None:
        name = event["check"]
        check = self.checks.get(name)
        if check is None:
            check = self.checks[name] = Check(name, self.state)
        if event["status"] == "running" and check.status != "running":
            check.began = time.monotonic()
        for key in ("status", "seconds", "detail", "resolution", "attempts", "stack"):
            if key in event:
                setattr(check, key, event[key])


def _escape(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
