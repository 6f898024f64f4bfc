"""Containers of images built on Airlock's, for integration tests with testcontainers.

Needs the extra `testing`. Nothing else in this package imports this module: the image does without it.
"""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

from probes.gate.report import FAILURE

try:
    from requests.exceptions import ConnectionError as Unanswered
    from requests.exceptions import Timeout
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.waiting_utils import WaitStrategy, WaitStrategyTarget
except ImportError as error:
    raise ImportError(f"probes.testing needs testcontainers ({error}): pip install 'airlock[testing]'") from error

__all__ = ["AirlockContainer", "BootFailed", "Ready", "report"]

_PAUSE = 0.1  # seconds between two questions; the container's exit ends it at once
_PATIENCE = 5.0  # seconds for an answer
_TAIL = 40  # lines of a log that has no report


class BootFailed(Exception):
    """The container has ended before it was ready: `exit_status`, and `report`, the part of its log that says why."""

    def __init__(self, exit_status: int, report: str) -> None:
        super().__init__(f"the container ended with exit status {exit_status} before it was ready:\n{report}")
        self.exit_status = exit_status
        self.report = report


class Ready(WaitStrategy):
    """Waits until `GET /health` on the container's `port` says 200.

    Raises `BootFailed` as soon as the container has ended, and TimeoutError, which says what the boot was waiting
    for, after `timeout` seconds.
    """

    def __init__(self, port: int = 8000, timeout: float = 60.0) -> None:
        super().__init__()
        self._port = port
        self._startup_timeout = timeout

    def wait_until_ready(self, container: WaitStrategyTarget) -> None:
        """Ask again and again, until it is ready, has ended or takes too long."""
        deadline = time.monotonic() + self._startup_timeout
        try:
            host, port = container.get_container_host_ip(), container.get_exposed_port(self._port)
        except OSError:
            _raise_if_ended(container, _PAUSE)  # an ended container has no ports any more
            raise
        while True:
            left = deadline - time.monotonic()
            try:
                status, body = _ask(host, port, "/health", max(_PAUSE, min(left, _PATIENCE)))
                answer = describe(body)
            except (OSError, http.client.HTTPException) as error:
                status, answer = 0, f"no answer ({type(error).__name__}: {error})"
            if status == http.client.OK:
                return
            _raise_if_ended(container, _PAUSE)
            if left <= 0:
                where = f"GET /health on port {self._port} ({host}:{port})"
                said = f"status {status}, {answer}" if status else answer
                raise TimeoutError(f"not ready within {self._startup_timeout:g} seconds; {where} had last: {said}")


class AirlockContainer(DockerContainer):
    """A container of an image built on Airlock's: `start` returns when it is ready, and raises as `Ready` does."""

    def __init__(self, image: str, port: int = 8000, timeout: float = 60.0, **options: Any) -> None:
        super().__init__(image, **options)
        self.port = port
        self.with_env("PORT", str(port)).with_exposed_ports(port).waiting_for(Ready(port, timeout))

    @property
    def url(self) -> str:
        """Where it is reached from this machine, without a slash at the end."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(self.port)}"

    def health(self) -> tuple[int, Any]:
        """Status and body of `GET /health?verbose`: progress during the boot, then all checks and indicators."""
        host, port = self.get_container_host_ip(), self.get_exposed_port(self.port)
        status, body = _ask(host, port, "/health?verbose", _PATIENCE)
        return status, json.loads(body)


def report(log: str) -> str:
    """The report of a failed boot in a container's log, text or JSON; the last lines if there is none."""
    lines = log.splitlines()
    for number in reversed(range(len(lines))):
        if FAILURE in lines[number]:
            return lines[number] if lines[number].startswith("{") else "\n".join(lines[number:])
    return "\n".join(lines[-_TAIL:]) or "(it has printed nothing)"


def describe(body: bytes) -> str:
    """What a 503 of `/health` is about, in one line: state, phase and everything that keeps it from being ready."""
    try:
        health = json.loads(body)
        parts = [f"{health['status']}, phase {health['phase']}, for {health['elapsed_seconds']:g} s"]
        entries = [*health["checks"], *health.get("indicators", ())]
        troubles = [entry for entry in entries if entry["status"] not in ("ok", "up")]
        parts += [
            f"{entry['name']} is {entry['status']}{entry['detail'] and ': '}{entry['detail']}" for entry in troubles
        ]
    except (ValueError, LookupError, TypeError, RecursionError):
        return repr(body[:200])[1:]
    return "; ".join(parts)


def _ask(host: str, port: int, path: str, patience: float) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=patience)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _raise_if_ended(container: WaitStrategyTarget, patience: float) -> None:
    """Raises `BootFailed` if the container ends within `patience` seconds, at once if it has ended."""
    wrapped = container.get_wrapped_container()
    try:
        status = wrapped.wait(timeout=patience)["StatusCode"]
    except (Timeout, Unanswered):
        return
    raise BootFailed(status, report(wrapped.logs().decode(errors="replace")))
