"""A load balancer, HAProxy from Debian's packages, that is told which pods are endpoints; it retries nothing.

A client that keeps its cookie is kept on its pod as long as that is an endpoint.
"""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path
from typing import Self

from tests.boot import PATIENCE
from tests.service.process import free_port

IMAGE = "airlock:test-haproxy"
COOKIE = "pod"
_DOCKERFILE = """
FROM debian:trixie-slim
RUN apt-get update -qq && apt-get install -qq --no-install-recommends haproxy >/dev/null
"""
_CONFIG = """
global
    stats socket ipv4@127.0.0.1:{admin} level admin
defaults
    mode http
    retries 0
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout tunnel 60s
frontend in
    bind 127.0.0.1:{port}
    default_backend pods
backend pods
    balance roundrobin
    cookie {cookie} insert indirect nocache
"""


class Balancer:
    """Listens on `port` and hands requests to those of the pods' ports that are `let_in`, none at first."""

    def __init__(self, folder: Path, ports: list[int]) -> None:
        self.port, self._admin = free_port(), free_port()
        servers = "".join(f"    server pod-{port} 127.0.0.1:{port} cookie {port} disabled\n" for port in ports)
        self._config = folder / "haproxy.cfg"
        self._config.write_text(_CONFIG.format(admin=self._admin, port=self.port, cookie=COOKIE) + servers)
        self._id = ""

    def __enter__(self) -> Self:
        build = ["docker", "build", "--quiet", "--tag", IMAGE, "-"]
        subprocess.run(build, input=_DOCKERFILE, text=True, check=True, capture_output=True, timeout=600)
        mount = f"--volume={self._config}:/haproxy.cfg:ro"
        command = [
            "docker",
            "run",
            "--detach",
            "--network=host",
            mount,
            IMAGE,
            "haproxy",
            "-W",
            "-db",
            "-f",
            "/haproxy.cfg",
        ]
        self._id = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        with subprocess.Popen(["docker", "logs", "--follow", self._id], stderr=subprocess.PIPE, text=True) as log:
            assert log.stderr is not None
            said = ""
            for line in log.stderr:
                said += line
                if "Loading success" in line:
                    break
            else:
                raise AssertionError(f"HAProxy does not start: {said}")
            log.kill()
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["docker", "rm", "--force", self._id], capture_output=True)

    def let_in(self, port: int) -> None:
        """The pod on this port is an endpoint from now on."""
        self._say(f"set server pods/pod-{port} state ready")

    def take_out(self, port: int) -> None:
        """It is none any more; what it is answering goes on."""
        self._say(f"set server pods/pod-{port} state maint")

    def _say(self, command: str) -> None:
        with socket.create_connection(("127.0.0.1", self._admin), PATIENCE) as admin:
            admin.sendall(command.encode() + b"\n")
            answer = admin.makefile().read().strip()
        assert answer == "", answer
