"""A real browser: Debian's Chromium in a container, on the network of this machine. Every name leads to one port."""

from __future__ import annotations

import json
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.service.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

IMAGE = "airlock:test-chromium"
PATIENCE = 60_000.0
"""Milliseconds after which a wait in a page gives up; events end it earlier."""
_DOCKERFILE = """
FROM debian:trixie-slim
RUN apt-get update -qq \\
 && apt-get install -qq --no-install-recommends chromium-headless-shell fonts-dejavu-core >/dev/null
"""
# Without netlink it never hears that the network has changed, as it does with each container that comes and goes;
# it would give up what it is loading.
_SECCOMP = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [
        {
            "names": ["socket"],
            "action": "SCMP_ACT_ERRNO",
            "args": [{"index": 0, "value": socket.AF_NETLINK, "op": "SCMP_CMP_EQ"}],
        }
    ],
}


@contextmanager
def chromium(folder: Path, elsewhere: int) -> Iterator[Browser]:
    """A browser for which every host but this machine is what listens on the port `elsewhere` of this machine."""
    build = ["docker", "build", "--quiet", "--tag", IMAGE, "-"]
    subprocess.run(build, input=_DOCKERFILE, text=True, check=True, capture_output=True, timeout=600)
    port = free_port()
    options = [
        "--no-sandbox",  # its own; the container is one
        "--disable-background-networking",
        "--disable-dev-shm-usage",
        f"--host-resolver-rules=MAP * 127.0.0.1:{elsewhere}, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        f"--remote-debugging-port={port}",
    ]
    profile = folder / "seccomp.json"
    profile.write_text(json.dumps(_SECCOMP))
    command = ["docker", "run", "--detach", "--init", "--network=host", f"--security-opt=seccomp={profile}"]
    command += [IMAGE, "chromium-headless-shell", *options]
    container = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    try:
        _wait_for(container, "DevTools listening on")
        with sync_playwright() as playwright:
            browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
            yield browser
            browser.close()
    finally:
        subprocess.run(["docker", "rm", "--force", container], capture_output=True)


def _wait_for(container: str, words: str) -> None:
    command = ["docker", "logs", "--follow", container]
    said = []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as log:
        assert log.stderr is not None
        for line in log.stderr:
            said.append(line)
            if words in line:
                log.kill()
                return
    raise AssertionError(f"Chromium does not start: {''.join(said)}")
