"""A rolling update as Kubernetes does it: a new pod is ready before an old one is told to go, under load."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.store import events
from service.store.database import Database
from service.store.url import DatabaseUrl
from tests.charts.backing import Backing
from tests.charts.balancer import COOKIE, Balancer
from tests.charts.chart import render_image
from tests.charts.kubelet import Kubelet, Pod
from tests.charts.load import LiveClients, Requests
from tests.service.engine import run_client
from tests.service.live.listener import OWNER

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

PODS = 2
LAG = 1.5  # seconds in which nobody has told the load balancer that a pod goes
COMMANDS = "POST /api/accounts/1/pause", "POST /api/accounts/1/resume"  # each appends an event


def test_nothing_is_lost_while_pods_are_replaced(image: str, backing: Backing, tmp_path: Path) -> None:
    """Every request is answered with 200, and every client, by websocket or polling, has every event once, in order."""
    update = run_client(_update(image, backing, tmp_path))
    assert sum(each.answered for each in update.requests) > 500
    assert update.failed_requests == []
    assert update.last_event > 200
    for clients in update.clients:
        assert clients.failed == []
        for listener in clients.listeners:
            assert listener.connections >= 2
            assert listener.ids == list(range(1, listener.ids[-1] + 1))
            assert listener.ids[-1] >= update.last_event
        assert len(clients.cookies(COOKIE)) == len(clients.listeners)
        assert set(clients.cookies(COOKIE)) <= update.new_pods


def test_without_a_drain_delay_and_replay_the_same_update_loses_both(
    image: str, backing: Backing, tmp_path: Path
) -> None:
    """The measurement can fail: with pods that stop accepting at once, and clients that do not say what they have."""
    update = run_client(_update(image, backing, tmp_path, forgetful=True, drainDelay=0))
    assert update.failed_requests
    for clients in update.clients:
        for listener in clients.listeners:
            assert len(listener.ids) < update.last_event


@dataclass
class _Update:
    """What the load has seen of an update; `new_pods` are the cookies of those that are there afterwards."""

    requests: list[Requests]
    clients: tuple[LiveClients, LiveClients]
    new_pods: set[str]
    last_event: int

    @property
    def failed_requests(self) -> list[str]:
        return [failure for each in self.requests for failure in each.failed]


async def _update(image: str, backing: Backing, folder: Path, *, forgetful: bool = False, **config: int) -> _Update:
    with ExitStack() as running:
        url, shared = running.enter_context(backing.lent())
        config = {"costlyRequests": 1_000_000, **config}  # the load asks for more than a person does
        objects = render_image(image, {**shared, "api": {"replicas": PODS}, "config": config})
        rolling = objects.one("Deployment")["spec"]["strategy"]["rollingUpdate"]
        assert rolling == {"maxUnavailable": 0, "maxSurge": 1}

        def made(name: str, kind: str = "Deployment") -> Pod:
            (folder / name).mkdir()
            return Pod(objects, folder / name, kind, network=backing.network)

        with made("migration", "Job") as migration:
            assert await asyncio.to_thread(migration.ended.wait, 60), migration.log
            assert migration.exit_status == 0, migration.log
        workers = [made(f"worker-{number}", "StatefulSet") for number in range(2)]
        pods = [made(f"pod-{number}") for number in range(2 * PODS)]
        worker = await _start(workers[0], running)
        balancer = running.enter_context(Balancer(folder, [pod.ports["http"] for pod in pods]))
        kubelets = [await _let_in(pod, balancer, running) for pod in pods[:PODS]]
        clients = (
            LiveClients(balancer.port, 4, "websocket", forgetful=forgetful),
            LiveClients(balancer.port, 4, "polling", forgetful=forgetful),
        )
        async with clients[0], clients[1]:
            with ExitStack() as load:
                lines: list[tuple[str, ...]] = [("GET /",), ("GET /",), COMMANDS]
                asked = [Requests(balancer.port, *each, keep_alive=keep) for each in lines for keep in (True, False)]
                for each in asked:
                    load.enter_context(each)
                for old, pod in zip(kubelets, pods[PODS:], strict=True):
                    await _let_in(pod, balancer, running)
                    await _delete(old, balancer)
                await asyncio.to_thread(worker.delete)
                assert worker.pod.exit_status == 0, worker.pod.log
                await _start(workers[1], running)
            last = _last_event(url)
            for listener in [*clients[0].listeners, *clients[1].listeners]:
                await listener.comes_back()
                await listener.has(last)
        return _Update(asked, clients, {str(pod.ports["http"]) for pod in pods[PODS:]}, last)


async def _start(pod: Pod, stack: ExitStack) -> Kubelet:
    stack.enter_context(pod)
    kubelet = Kubelet(pod)
    kubelet.start()
    assert await asyncio.to_thread(kubelet.ready.wait, 60), pod.log
    return kubelet


async def _let_in(pod: Pod, balancer: Balancer, stack: ExitStack) -> Kubelet:
    kubelet = await _start(pod, stack)
    balancer.let_in(pod.ports["http"])
    return kubelet


async def _delete(kubelet: Kubelet, balancer: Balancer) -> None:
    pod = kubelet.pod
    late = threading.Timer(LAG, balancer.take_out, [pod.ports["http"]])
    late.start()
    await asyncio.to_thread(kubelet.delete)
    late.join()
    assert pod.exit_status == 0, pod.log


def _last_event(url: DatabaseUrl) -> int:
    database = Database(url)
    try:
        with database.read() as session:
            return events.last(session, OWNER)
    finally:
        database.close()
