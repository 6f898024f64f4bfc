"""Boots the real thing for tests: `python -m probes` as a process on a real socket, and clients for it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parent.parent
APPS = Path(__file__).parent / "probes" / "apps"
PATIENCE = 20.0
"""Seconds after which a wait in a test gives up; events end it earlier."""


class Reply:
    """A response: status, fields by lower-case name, body."""

    def __init__(self, status: int, fields: dict[str, str], body: bytes) -> None:
        self.status, self.fields, self.body = status, fields, body

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class Boot:
    """A process started as `python -m probes`; use it as a context manager, which leaves nothing behind.

    `contract` is a file, or the keys of a contract for an application in tests/probes/apps.
    """

    def __init__(
        self,
        contract: Path | dict[str, Any] | None = None,
        *,
        env: dict[str, str] | None = None,
        args: tuple[str, ...] = (),
        folder: Path | None = None,
        python: str = sys.executable,
        path: tuple[Path, ...] = (APPS,),
        prefix: tuple[str, ...] = (),
    ) -> None:
        variables = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        variables |= {"PORT": "0", "PYTHONPATH": os.pathsep.join(str(entry) for entry in path)}
        if isinstance(contract, dict):
            if folder is None:
                raise TypeError("a contract given by its keys needs a folder to be written to")
            contract = write_contract(folder, **contract)
        if contract is not None:
            variables["AIRLOCK_CONTRACT"] = str(contract)
        variables |= env or {}
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [*prefix, python, "-m", "probes", *args],
            cwd=ROOT,
            env={name: value for name, value in variables.items() if value},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stdout is not None
        if not self._reader.is_alive():  # a process that was left behind may hold the other end
            self.process.stdout.close()

    @property
    def output(self) -> str:
        """What the process has printed so far, both streams."""
        with self._news:
            return "".join(self._lines)

    @property
    def port(self) -> int:
        """The port that it listens on, as it says itself."""
        return int(self.wait_for(r"listening on \S*:(\d+)").group(1))

    @property
    def management_port(self) -> int:
        """The second port that it listens on."""
        return int(self.wait_for(r"(?s)listening on .*listening on \S*:(\d+)").group(1))

    @property
    def url(self) -> str:
        """Where it is reached from this machine."""
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, pattern: str, timeout: float = PATIENCE) -> re.Match[str]:
        """The first match of `pattern` in the output, as soon as it is printed."""
        found: list[re.Match[str]] = []

        def seen() -> bool:
            match = re.search(pattern, "".join(self._lines))
            if match:
                found.append(match)
            return match is not None or not self._reader.is_alive()

        with self._news:
            self._news.wait_for(seen, timeout)
        if not found:
            raise AssertionError(f"no {pattern!r} within {timeout:g} s in:\n{self.output}")
        return found[0]

    def wait_ready(self, timeout: float = PATIENCE) -> Boot:
        """Returns when the gate has handed over."""
        self.wait_for("ALL STARTUP CHECKS PASSED", timeout)
        return self

    def get(self, path: str, **fields: str) -> Reply:
        """GET from the traffic port."""
        return request(self.port, "GET", path, **fields)

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Send a signal to the gate."""
        self.process.send_signal(number)

    def wait(self, timeout: float = PATIENCE) -> int:
        """The exit status once it has ended, with all of its output read."""
        status = self.process.wait(timeout)
        self._reader.join(timeout)
        return status

    def stop(self, timeout: float = 40.0) -> int:
        """SIGTERM, then the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()


def request(port: int, method: str, path: str, host: str = "127.0.0.1", **fields: str) -> Reply:
    """One request on a connection of its own; `fields` are header names with `_` for `-`."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def write_contract(folder: Path, indicators: tuple[dict[str, Any], ...] = (), **keys: Any) -> Path:
    """A contract.toml in `folder` with these keys (`_` for `-`)."""
    lines = [f"{name.replace('_', '-')} = {json.dumps(value)}" for name, value in keys.items()]
    for indicator in indicators:
        lines += ["", "[[indicator]]", *(f"{name} = {json.dumps(value)}" for name, value in indicator.items())]
    file = folder / "contract.toml"
    file.write_text("\n".join(lines) + "\n")
    return file
