"""The rendered pod really runs: under its own limits, probed and ended as the kubelet does it."""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from service.store import schema
from service.store.database import Database
from service.store.tables import Worker
from service.store.url import DatabaseUrl
from tests.boot import APPS
from tests.charts.backing import Backing
from tests.charts.chart import Objects, render_image
from tests.charts.kubelet import Kubelet, Pod
from tests.service.process import TOKEN

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]


@pytest.fixture
def volume() -> Iterator[str]:
    """A Docker volume, which outlives the pods that have it."""
    name = f"airlock-test-{uuid.uuid4().hex}"
    yield name
    subprocess.run(["docker", "volume", "rm", "--force", name], check=True, capture_output=True)


def test_the_default_pod_becomes_ready_serves_and_drains(image: str, tmp_path: Path) -> None:
    """Started, ready, alive; after SIGTERM it serves on for DRAIN_DELAY, and ends by itself."""
    with Pod(render_image(image), tmp_path) as pod:
        kubelet = _ready(pod)
        assert kubelet.alive.wait(30), pod.log
        assert pod.status("/") == 200
        assert pod.status("/metrics", "management") == 401  # the token is in the Secret
        pod.signal("TERM")
        began = time.monotonic()
        assert not pod.ended.wait(3), pod.log
        assert pod.status("/health", "management") == 503
        assert pod.status("/") == 200
        assert pod.ended.wait(pod.spec["terminationGracePeriodSeconds"]), pod.log
        assert time.monotonic() - began > 4.5
        assert pod.exit_status == 0, pod.log
        assert not any(event.startswith("killed") for event in kubelet.happened)


def test_what_is_stored_outlives_the_pod(image: str, tmp_path: Path, volume: str) -> None:
    """As it is, the next pod has the database of the one before: a mailbox that was paused is still paused."""
    objects = render_image(image, {"accessToken": {"value": TOKEN}})
    for paused in (False, True):
        with Pod(objects, tmp_path, volume=volume) as pod:
            kubelet = _ready(pod)
            assert _ask(pod, "GET", "/api/accounts/1")["paused"] is paused
            _ask(pod, "POST", "/api/accounts/1/pause")
            kubelet.delete()
            assert pod.exit_status == 0, pod.log


def test_the_largest_messages_fit_into_the_memory(image: str, tmp_path: Path, volume: str) -> None:
    """Mail of MAX_MESSAGE_SIZE is stored and understood within the limit, and nothing is killed for it."""
    values = {"accessToken": {"value": TOKEN}, "config": {"maildirRoots": ["/mail"]}}
    with Pod(render_image(image, values), tmp_path, mounts={"/mail": _large_mail(tmp_path, 4)}, volume=volume) as pod:
        _ready(pod)
        account = {"kind": "maildir", "name": "Large", "settings": {"path": "/mail/large"}}
        _ask(pod, "POST", "/api/accounts", json=account)
        deadline = time.monotonic() + 120
        while _understood(pod) < 4:
            assert not pod.ended.wait(0.5), pod.log
            assert time.monotonic() < deadline, pod.log
        assert "killed" not in pod.log


def _ready(pod: Pod) -> Kubelet:
    """Its kubelet, once it is ready."""
    kubelet = Kubelet(pod)
    kubelet.start()
    assert kubelet.ready.wait(30), pod.log
    return kubelet


def _large_mail(folder: Path, count: int) -> Path:
    folder.chmod(0o755)
    for part in ("cur", "new", "tmp"):
        (folder / "mail" / "large" / part).mkdir(parents=True)
    for number in range(count):
        header = f"From: a@example.org\nSubject: Large\nMessage-ID: <{number}@example.org>\n\n"
        (folder / "mail" / "large" / "new" / str(number)).write_text(
            header + "Word by word it goes on and on.\n" * 312_000
        )
    return folder / "mail"


def _understood(pod: Pod) -> int:
    return sum(message["category"] is not None for message in _ask(pod, "GET", "/api/messages")["messages"])


def _ask(pod: Pod, method: str, path: str, **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx2.request(method, f"http://127.0.0.1:{pod.ports['http']}{path}", headers=headers, **body)
    assert answer.is_success, answer.text
    return answer.json()


def test_the_migration_changes_nothing_the_second_time(image: str, backing: Backing, tmp_path: Path) -> None:
    """The rendered Job makes the schema in a PostgreSQL, under its own limits, with no secret but the URL."""
    with backing.lent() as (url, values), closing(Database(url)) as database:
        for _ in range(2):
            with Pod(render_image(image, values), tmp_path, "Job", network=backing.network) as job:
                assert job.ended.wait(60), job.log
                assert job.exit_status == 0, job.log
                schema.require_current(database)
                assert job.log == f"the schema is {schema.current(database)}\n"


def test_a_migration_that_fails_says_why(image: str, backing: Backing, tmp_path: Path) -> None:
    """A database that is not there is a sentence, without its password, and a status that stops the release."""
    with backing.lent() as (_, values):
        values["database"]["url"] += "_gone"
        with Pod(render_image(image, values), tmp_path, "Job", network=backing.network) as job:
            assert job.ended.wait(60), job.log
            assert job.exit_status == 1
            assert "does not exist" in job.log
            assert "for-tests" not in job.log


def test_api_and_worker_run_as_what_they_are(image: str, backing: Backing, tmp_path: Path) -> None:
    """In mode `split` the worker gets ready without an API, works under its pod's name, and goes at once."""
    with backing.lent() as (url, values):
        objects = render_image(image, values)
        _worker(objects, backing.network, tmp_path)
        assert _workers(url) == ["airlock-worker-0"]
        _api(objects, backing.network, tmp_path)
        assert _workers(url) == ["airlock-worker-0"]


def _worker(objects: Objects, network: str, folder: Path) -> None:
    with Pod(objects, folder, "StatefulSet", network=network) as worker:
        kubelet = _ready(worker)
        assert worker.status("/socket.io/?EIO=4&transport=polling") == 404
        assert kubelet.delete() < 4.5
        assert worker.exit_status == 0, worker.log


def _api(objects: Objects, network: str, folder: Path) -> None:
    with Pod(objects, folder, network=network) as api:
        _ready(api)
        assert api.status("/socket.io/?EIO=4&transport=polling") == 200


def test_helm_test_tells_whether_the_release_is_ready(image: str, backing: Backing, tmp_path: Path) -> None:
    """Each container of its pod succeeds while what it asks is ready; not if the worker is gone, or the API drains."""
    times = {"config": {"drainDelay": 60, "gracePeriod": 90}, "probes": {"readiness": {"periodSeconds": 1}}}
    with backing.lent() as (_, values):
        objects = render_image(image, {**values, **times, "service": {"port": 8000}})  # no Service is in between
        name = "airlock-worker-0.airlock-management.mail.svc"
        with Pod(objects, tmp_path, "StatefulSet", network=backing.network, alias=name) as worker:
            _ready(worker)
            assert _helm_test(objects, "worker", backing.network, tmp_path) == 0
        assert _helm_test(objects, "worker", backing.network, tmp_path) == 1
        with Pod(objects, tmp_path, network=backing.network, alias="airlock.mail.svc") as api:
            kubelet = _ready(api)
            assert _helm_test(objects, "api", backing.network, tmp_path) == 0
            api.signal("TERM")
            assert kubelet.not_ready.wait(30), api.log
            assert _helm_test(objects, "api", backing.network, tmp_path) == 1
            assert not api.ended.is_set(), api.log


def _helm_test(objects: Objects, role: str, network: str, folder: Path) -> int | None:
    """The status with which the container of the test's pod ends that asks for a role."""
    with Pod(objects, folder, "Pod", network=network, container=role) as test:
        assert test.ended.wait(60), test.log
        return test.exit_status


def _workers(url: DatabaseUrl) -> list[str]:
    database = Database(url)
    try:
        with database.read() as session:
            return list(session.scalars(select(Worker.id)))
    finally:
        database.close()


def test_a_boot_that_fails_says_why_before_the_kubelet_loses_patience(image: str, tmp_path: Path) -> None:
    """The container ends by itself with status 1, and the termination message names the variable."""
    values = {"extraEnv": [{"name": "TRUSTED_PROXIES", "value": "everybody"}]}
    with Pod(render_image(image, values), tmp_path) as pod:
        kubelet = Kubelet(pod)
        kubelet.start()
        assert pod.ended.wait(30), pod.log
        kubelet.join(30)
        assert pod.exit_status == 1
        assert "TRUSTED_PROXIES" in pod.termination_message
        assert kubelet.happened == []


def test_a_boot_that_hangs_is_ended_by_the_gate_and_not_by_the_kubelet(image: str, tmp_path: Path) -> None:
    """The startup probe's budget is longer than BOOT_TIMEOUT, so that the gate can name the place that hangs."""
    tmp_path.chmod(0o755)
    (tmp_path / "contract.toml").write_text('app = "hangs:app"\n')
    values = {
        "config": {"bootTimeout": 4, "contract": "/victim/contract.toml"},
        "extraEnv": [{"name": "PYTHONPATH", "value": "/apps"}],
        "probes": {"startup": {"periodSeconds": 1}},
    }
    with Pod(render_image(image, values), tmp_path, mounts={"/apps": APPS, "/victim": tmp_path}) as pod:
        kubelet = Kubelet(pod)
        kubelet.start()
        assert pod.ended.wait(30), pod.log
        took = time.monotonic() - pod.started
        kubelet.join(30)
        assert pod.exit_status == 1, pod.log
        assert 3.5 < took < 4 + 10
        assert "hangs" in pod.termination_message
        assert kubelet.happened == []


def test_a_pod_that_does_not_end_is_killed_when_its_grace_is_over(image: str, tmp_path: Path) -> None:
    """The kubelet of these tests can kill: a container that is frozen gets no further than its grace period."""
    values = {"config": {"drainDelay": 0, "gracePeriod": 1}}
    with Pod(render_image(image, values), tmp_path) as pod:
        kubelet = _ready(pod)
        pod.signal("STOP")
        took = kubelet.delete()
        assert 5.5 < took < 20
        assert pod.exit_status == 137
        assert kubelet.happened[-1] == "killed: grace period"
