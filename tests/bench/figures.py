"""A figure: samples of ours beside samples of a peer, what they amount to, and whether that meets a target."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Target:
    """A bound for the ratio, or without a peer for our own median."""

    bound: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        """Whether `value` keeps within the bound."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True)
class Unit:
    """How samples are shown: multiplied by `scale`, followed by `name`."""

    name: str
    scale: float = 1.0

    def show(self, value: float) -> str:
        """Three significant digits, and all of them before the point."""
        scaled = value * self.scale
        digits = max(0, 2 - len(str(int(abs(scaled)))) + 1)
        return f"{scaled:,.{digits}f} {self.name}"


MILLISECONDS = Unit("ms", 1000.0)
MEBIBYTES = Unit("MiB", 1 / 2**20)
REQUESTS = Unit("req/s")


@dataclass(frozen=True)
class Figure:
    """`ours[n]` and `peer[n]` were measured one after the other; seconds, bytes or requests/s."""

    name: str
    unit: Unit
    ours: list[float]
    peer: list[float] | None = None
    target: Target | None = None
    compare: bool = True
    """Whether the target is for the ratio; else the peer is shown beside ours and the target is for ours."""

    def ratios(self) -> list[float]:
        """Ours ÷ peer, pair by pair."""
        return [a / b for a, b in zip(self.ours, self.peer or (), strict=True)]

    @property
    def is_met(self) -> bool:
        """Whether it keeps to its target, as one without a target does."""
        if self.target is None:
            return True
        return self.target.met(median(self.ratios()) if self.peer and self.compare else median(self.ours))

    def row(self) -> tuple[str, ...]:
        """The cells of the table: name, ours, peer, ratio, target, verdict."""
        peer = self.unit.show(median(self.peer)) if self.peer else "-"
        ours = f"{self.unit.show(median(self.ours))}"
        if not (self.peer and self.compare):
            ours += f" ({_number(min(self.ours), self.unit)}–{_number(max(self.ours), self.unit)})"
        ratio = "-"
        if self.peer:
            ratios = self.ratios()
            ratio = f"{_ratio(median(ratios))} ({_ratio(min(ratios))}–{_ratio(max(ratios))})"
        return self.name, ours, peer, ratio, self._target(), self._verdict()

    def _target(self) -> str:
        if self.target is None:
            return "-"
        sign = "≥" if self.target.at_least else "≤"
        if self.peer and self.compare:
            return f"{sign} {self.target.bound:g}"
        return f"{sign} {self.target.bound * self.unit.scale:g} {self.unit.name}"

    def _verdict(self) -> str:
        if self.target is None:
            return "-"
        return "met" if self.is_met else "NOT MET"


def _number(value: float, unit: Unit) -> str:
    return unit.show(value).split()[0]


def _ratio(value: float) -> str:
    return f"{value:.3g}" if value < 0.1 else f"{value:.2f}"
