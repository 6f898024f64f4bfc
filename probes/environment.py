"""The gate's settings, read once from environment variables. Standard library only."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class UsageError(Exception):
    """The command or its environment is not usable; the message says what, the value and what is accepted."""


class Environment:
    """What the gate was told: ports, times in seconds, and where its words go.

    Raises `UsageError` that lists every unusable variable; an empty value counts as unset.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        problems: list[str] = []

        def read(name: str, default: Any, parse: Callable[[str], Any], accepted: str) -> Any:
            value = variables.get(name, "").strip()
            if not value:
                return default
            try:
                return parse(value)
            except ValueError:
                problems.append(f"{name}={value!r} is not usable: accepted is {accepted}")
                return default

        port = "a port number from 0 to 65535 (0 picks a free one)"
        self.port: int = read("PORT", 8000, _port, port)
        self.management_port: int | None = read("MANAGEMENT_PORT", None, _port, port)
        self.host: str = read("HOST", "", str, "an address")
        self.boot_timeout: float = read("BOOT_TIMEOUT", 60.0, _positive, "a number of seconds above 0")
        self.drain_delay: float = read("DRAIN_DELAY", 0.0, _seconds, "a number of seconds, 0 or more")
        self.grace_period: float = read("GRACE_PERIOD", 25.0, _positive, "a number of seconds above 0")
        self.log_format: str = read("LOG_FORMAT", "text", _one_of("text", "json"), "'text' or 'json'")
        self.worker_mode: str = read(
            "WORKER_MODE", "", _one_of("true", "false"), "'true' (worker only), 'false' (API only) or unset (both)"
        )
        self.metrics_token: str = variables.get("METRICS_TOKEN", "").strip()
        if not (self.metrics_token.isascii() and self.metrics_token.isprintable() and " " not in self.metrics_token):
            problems.append(
                "METRICS_TOKEN is not usable (its value is not shown): accepted is visible ASCII characters"
            )
        self.termination_log: str = variables.get("TERMINATION_LOG", "").strip()
        self.contract: str = variables.get("AIRLOCK_CONTRACT", "").strip()
        self.commit: str = variables.get("AIRLOCK_COMMIT") or variables.get("RENDER_GIT_COMMIT") or ""
        if self.drain_delay >= self.grace_period:
            problems.append(
                f"DRAIN_DELAY={self.drain_delay:g} leaves nothing of GRACE_PERIOD={self.grace_period:g}, "
                "which it is a part of: accepted is a smaller delay or a longer period"
            )
        if self.management_port and self.management_port == self.port:
            problems.append(
                f"MANAGEMENT_PORT={self.port} is the same as PORT: accepted is another port, or leave it unset"
            )
        if problems:
            raise UsageError("\n".join(problems))

    @property
    def mode(self) -> str:
        """`api`, `worker` or `all`: what WORKER_MODE chose."""
        return {"true": "worker", "false": "api"}.get(self.worker_mode, "all")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 65535:
        raise ValueError(text)
    return int(text)


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1e6:
        raise ValueError(text)
    return number


def _positive(text: str) -> float:
    number = _seconds(text)
    if number == 0:
        raise ValueError(text)
    return number


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    return parse
