"""Whether this instance takes traffic now, and why not: what `/health` says once the application serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probes.record import Record
    from probes.serving.indicators import Indicators


class Readiness:
    """Reads the boot's record and the indicators, never waits; the drain sets `draining`."""

    def __init__(self, record: Record, indicators: Indicators) -> None:
        self.record = record
        self.indicators = indicators
        self.draining = False

    @property
    def status(self) -> str:
        """`ok`, `unavailable` (a critical indicator is down) or `draining`."""
        if self.draining:
            return "draining"
        return "unavailable" if self.indicators.critical_down else "ok"

    def body(self, verbose: bool) -> dict[str, Any]:
        """The body of `/health`: short when all is well, everything that is known when asked or when it is not."""
        status = self.status
        if status == "ok" and not verbose:
            return {"status": status}
        body = {**self.record.health(), "status": status}
        if status == "draining":
            body["phase"] = status
        readings = self.indicators.readings if verbose else self.indicators.critical_down
        return {**body, "indicators": [reading.body() for reading in readings]}
