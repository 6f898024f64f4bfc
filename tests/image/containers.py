"""Containers under test, run as a cautious platform runs them, and a client that never stops asking."""

from __future__ import annotations

import http.client
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from probes.testing import AirlockContainer, Ready
from tests.boot import APPS, PATIENCE, Reply, request, write_contract
from tests.service.process import TOKEN, free_port

PORT = 9000
PACKAGES = "/usr/lib/python3/dist-packages"
_IMPATIENCE = 0.5  # seconds
_PROCESSES = """
import os, re
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) != os.getpid():
        print(*reversed(re.search(r"\\((.*)\\) (.)", open(f"/proc/{pid}/stat").read()).groups()))
"""
DATA = "/var/lib/airlock"
HARDENED: dict[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "mounts": [{"Type": "volume", "Target": DATA}],
}


class Container(AirlockContainer):
    """A container with a read-only root, a volume and no capabilities; `start` does not wait for anything.

    `contract` has the keys of a contract for an application in `folder`, or in tests/probes/apps; `files` are
    files and folders of this machine by their path in the container; `options` go to the engine.
    """

    def __init__(
        self,
        image: str,
        folder: Path | None = None,
        contract: dict[str, Any] | None = None,
        env: dict[str, str] | None = None,
        files: dict[str, Path] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(image, PORT)
        self._wait_strategy = None
        self._host_port = free_port()
        self.with_bind_ports(PORT, self._host_port).with_tmpfs_mount("/tmp")
        self.with_kwargs(**{**HARDENED, **options})
        mounts = dict(files or {})
        if folder is not None:
            folder.chmod(0o755)
            mounts["/victim"] = folder
        if contract is not None:
            assert folder is not None
            write_contract(folder, **{"app": "plain:app", **contract})
            mounts["/apps"] = APPS
            self.with_envs(PYTHONPATH="/victim:/apps", AIRLOCK_CONTRACT="/victim/contract.toml")
        self.with_envs(**{"ACCESS_TOKEN": TOKEN, "DEMO": "false", **(env or {})})
        for inside, outside in mounts.items():
            self.with_volume_mapping(outside, inside, "ro")

    @property
    def host_port(self) -> int:
        """The port of this machine that is the container's, also before it starts and after it has ended."""
        return self._host_port

    @property
    def output(self) -> str:
        """What it has printed so far, both streams."""
        return str(self.get_wrapped_container().logs().decode(errors="replace"))

    def ready(self) -> Self:
        """Start if need be; returns when it is ready."""
        if self._container is None:
            self.start()
        Ready(PORT).wait_until_ready(self)
        return self

    def get(self, path: str, **fields: str) -> Reply:
        """GET from the traffic port."""
        return request(self._host_port, "GET", path, self.get_container_host_ip(), **fields)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first match in the output, as soon as it is printed."""
        seen = ""
        for line in follow("logs", "--follow", self.get_container_id()):
            seen += line
            if match := re.search(pattern, seen):
                return match
        raise AssertionError(f"no {pattern!r} in:\n{seen}")

    def next_health(self, after: str = "starting") -> str:
        """What the engine says next about the container's health."""
        filters = [f"--filter=container={self.get_container_id()}", "--filter=event=health_status"]
        for line in follow("events", "--since=1", *filters, "--format={{.Status}}"):
            if (status := line.strip().removeprefix("health_status: ")) != after:
                return status
        raise AssertionError(f"health stays {self.inspect('State', 'Health')}")

    def signal(self, name: str) -> None:
        """Send a signal to PID 1."""
        self.get_wrapped_container().kill(name)

    def inspect(self, *path: str) -> Any:
        """What the engine knows of it, such as `State`, `OOMKilled`."""
        self.reload()
        found = self.get_wrapped_container().attrs
        for name in path:
            found = found[name]
        return found

    def processes(self) -> list[str]:
        """State and name of each of its processes, such as `S python`; zombies, which `docker top` hides, are `Z`."""
        return self.python(_PROCESSES).splitlines()

    def python(self, program: str, *arguments: str) -> str:
        """What a program prints that the image's interpreter runs in the container, as the container's user."""
        asked = self.get_wrapped_container().exec_run(["python", "-c", program, *arguments], demux=True)
        assert asked.exit_code == 0, asked.output
        return str((asked.output[0] or b"").decode())


def follow(*command: str) -> Iterator[str]:
    """The lines that a command of `docker` prints, for some time (the Python client leaks connections of streams)."""
    with subprocess.Popen(
        ["docker", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        end = threading.Timer(PATIENCE, process.kill)
        end.start()
        try:
            yield from process.stdout
        finally:
            end.cancel()
            process.kill()


class Asker(threading.Thread):
    """Asks for `/health` on a port of this machine as fast as it can while it is entered, and keeps every status.

    Begin when the container has started: who asks before its network is there is not heard for a second (ARP).
    """

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._stopping = threading.Event()
        self.statuses: list[int] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join(PATIENCE)

    def run(self) -> None:
        """Ask until stopped; that nobody answers is no end."""
        while not self._stopping.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_IMPATIENCE)
            try:
                connection.request("GET", "/health")
                self.statuses.append(connection.getresponse().status)
            except (OSError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            self._stopping.wait(0.005)
