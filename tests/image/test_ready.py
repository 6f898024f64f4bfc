"""An instance from outside: when it says that it is ready, as whom it runs, what it can write, what it serves."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.boot import request
from tests.image.browser import Browser
from tests.image.containers import DATA, PACKAGES, Container

WAITS = """
import os, probes

def check():
    if not os.path.exists("/victim/database-is-up"):
        raise probes.Waiting("the database does not answer", "start it")
"""
TRIES = """
import sys
for path in sys.argv[1:]:
    try:
        open(path + "/written", "w").close()
        print(path)
    except OSError as error:
        print(error, file=sys.stderr)
"""

SHOW_STATUSES = r"""
import contextlib, glob
for file in glob.glob("/proc/[0-9]*/status"):
    with contextlib.suppress(OSError):  # one that has just ended
        print(open(file).read(), end="\0")
"""


@pytest.fixture(scope="module", params=["the image's own user", "an arbitrary user of group 0"])
def service(image: str, request: pytest.FixtureRequest) -> Iterator[Container]:
    """The service, hardened, with a volume for its data, as either user."""
    options: dict[str, Any] = {"user": "1000780000:0"} if request.param.startswith("an arb") else {}
    with Container(image, **options) as container:
        yield container.ready()


@pytest.fixture(scope="module")
def observed(image: str) -> Iterator[Container]:
    """The service with a management port and a log for machines."""
    with Container(image, env={"LOG_FORMAT": "json", "MANAGEMENT_PORT": "9001"}).with_exposed_ports(9001) as container:
        yield container.ready()


def test_it_shows_progress_until_it_is_ready_and_then_turns_healthy(image: str, tmp_path: Path) -> None:
    """While a check waits `/health` is 503 and shows it; then 200, and the engine calls the container healthy."""
    (tmp_path / "victim.py").write_text(WAITS)
    every_second = {"interval": 10**9}  # in place of the image's 10 s; what is asked is the image's own command
    contract = {"app": "service.app:app", "checks": ["service.store.health:check", "victim:check"]}
    with Container(image, tmp_path, contract, healthcheck=every_second) as container:
        container.wait_for(r"\[WAIT\] check victim:check: the database does not answer \(attempt 3\)")
        held = container.get("/health")
        assert held.status == 503
        assert (held.json()["status"], held.json()["phase"]) == ("starting", "waiting")
        states = {check["name"]: check["status"] for check in held.json()["checks"]}
        assert states.pop("check victim:check") == "waiting"
        assert set(states.values()) == {"ok"}
        assert container.get("/healthz").status == 200
        other = container.get("/")
        assert (other.status, other.fields["retry-after"]) == (503, "1")
        assert container.inspect("State", "Health", "Status") == "starting"

        (tmp_path / "database-is-up").touch()
        container.ready()
        assert container.get("/health").json() == {"status": "ok"}
        assert container.next_health() == "healthy"


def test_it_turns_unhealthy_when_it_drains(image: str) -> None:
    """The image's HEALTHCHECK is readiness: it says no while the instance leaves the rotation."""
    quickly = {"interval": 10**9, "retries": 1}
    with Container(image, env={"DRAIN_DELAY": "20"}, healthcheck=quickly) as container:
        container.ready()
        assert container.next_health() == "healthy"
        container.signal("SIGTERM")
        container.wait_for("draining")
        assert container.next_health(after="healthy") == "unhealthy"


def test_it_runs_without_any_privilege(service: Container) -> None:
    """Neither gate nor service has root's id, a capability or a way to get one."""
    user = service.inspect("Config", "User").partition(":")[0]
    assert user in ("65532", "1000780000")
    for status in process_statuses(service):
        assert set(status["Uid"].split()) == {user}
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == int(status["CapBnd"], 16) == 0
        assert status["NoNewPrivs"] == "1"


def test_it_can_write_its_data_and_tmp_only(service: Container) -> None:
    """The root is read-only; the data folder's volume and /tmp are writable for either user."""
    tried = ["/", "/etc", "/usr", "/var", "/var/lib", PACKAGES, f"{PACKAGES}/service", DATA, "/tmp"]
    assert service.python(TRIES, *tried).split() == [DATA, "/tmp"]


def test_it_serves_as_either_user(service: Container) -> None:
    """The API and live events work, and the boot has no warning."""
    assert service.get("/").json()["name"] == "airlock"

    async def greeting() -> Any:
        async with Browser(service.url) as browser:
            return browser.greeting

    assert asyncio.run(greeting())["mode"] == "all"
    assert "warning" not in service.output.lower()


def test_the_commit_is_shown_where_people_look(service: Container) -> None:
    """The image's label, the first page and the first line of the log name one commit."""
    commit = service.inspect("Config", "Labels")["org.opencontainers.image.revision"]
    assert service.get("/").json()["commit"] == (commit or None)
    assert f", commit {commit or 'unknown'}, mode all\n" in service.output.partition("listening")[0]


@pytest.mark.parametrize(("worker_mode", "mode", "live"), [("false", "api", 200), ("true", "worker", 404)])
def test_worker_mode_chooses_what_is_served(image: str, worker_mode: str, mode: str, live: int) -> None:
    """An API has live events and a worker has not; both are ready and say what they are."""
    with Container(image, env={"WORKER_MODE": worker_mode}) as container:
        container.ready()
        assert container.get("/").json()["mode"] == mode
        assert container.get("/socket.io/?EIO=4&transport=polling").status == live
        assert f", mode {mode}\n" in container.output


def test_management_has_a_port_of_its_own(observed: Container) -> None:
    """Probes answer on both ports, metrics on the management port alone, traffic on the other."""
    port, host = observed.get_exposed_port(9001), observed.get_container_host_ip()
    for path in ("/health", "/healthz"):
        assert request(port, "GET", path, host).status == observed.get(path).status == 200
    assert 'airlock_state{state="ready"} 1.0' in request(port, "GET", "/metrics", host).body.decode()
    assert observed.get("/metrics").status == 404
    assert request(port, "GET", "/", host).status == 404
    assert observed.get("/").status == 200


def test_every_line_of_a_log_for_machines_is_json(observed: Container) -> None:
    """From the first line to the last of the drain, whoever writes it; runs last, since it stops the instance."""
    observed.get("/no-such-page")
    observed.get_wrapped_container().stop(timeout=30)
    entries = [json.loads(line) for line in observed.output.splitlines()]
    for entry in entries:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"])
        assert {"level", "logger", "message"} <= entry.keys()
    assert entries[0]["message"].startswith("airlock ")
    assert any("SYSTEM READY" in entry["message"] for entry in entries)
    assert entries[-1]["message"].startswith("drained in ")


def process_statuses(container: Container) -> list[dict[str, str]]:
    """/proc/PID/status of the gate and the service."""
    texts = container.python(SHOW_STATUSES).rstrip("\0").split("\0")
    statuses = [dict(line.split(":\t", 1) for line in text.strip().splitlines() if ":\t" in line) for text in texts]
    assert len(statuses) >= 3  # gate, service, the one that asks, and a look at its health that may be under way
    return statuses
