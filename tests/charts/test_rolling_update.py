"""A rolling update as the Deployment does it: a new pod is ready before an old one is told to go, under load."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.charts.balancer import COOKIE, Balancer
from tests.charts.chart import render_image
from tests.charts.kubelet import Kubelet, Pod
from tests.charts.load import LiveClients, Requests
from tests.service.engine import run_client
from tests.service.process import TOKEN

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

PODS = 2
ENVIRONMENT = [{"name": "ACCESS_TOKEN", "value": TOKEN}, {"name": "DEMO", "value": "false"}]
LAG = 1.5  # seconds in which nobody has told the load balancer that a pod goes


def test_no_request_fails_while_pods_are_replaced(image: str, tmp_path: Path) -> None:
    """Every request is answered with 200, and every Socket.IO client, by websocket or polling, is back on a new pod."""
    update = run_client(_update(image, tmp_path, {}))
    assert sum(each.answered for each in update.requests) > 500
    assert [failure for each in (*update.requests, *update.clients) for failure in each.failed] == []
    for clients in update.clients:
        assert all(count >= 2 for count in clients.greetings)
        assert len(clients.cookies(COOKIE)) == len(clients.greetings)
        assert set(clients.cookies(COOKIE)) <= update.new_pods


def test_without_a_drain_delay_the_same_update_loses_requests(image: str, tmp_path: Path) -> None:
    """The measurement can fail: a pod that stops accepting before the load balancer knows loses what it is given."""
    update = run_client(_update(image, tmp_path, {"config": {"drainDelay": 0}}))
    assert [failure for each in update.requests for failure in each.failed]


@dataclass
class _Update:
    """What the load has seen of an update; `new_pods` are the cookies of those that are there afterwards."""

    requests: list[Requests]
    clients: tuple[LiveClients, LiveClients]
    new_pods: set[str]


async def _update(image: str, folder: Path, values: dict[str, Any]) -> _Update:
    objects = render_image(image, {"mode": "split", "api": {"replicas": PODS}, "extraEnv": ENVIRONMENT, **values})
    rolling = objects.one("Deployment")["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxUnavailable": 0, "maxSurge": 1}
    pods = []
    for number in range(2 * PODS):
        (folder / f"pod-{number}").mkdir()
        pods.append(Pod(objects, folder / f"pod-{number}"))
    with ExitStack() as running:
        balancer = running.enter_context(Balancer(folder, [pod.ports["http"] for pod in pods]))
        kubelets = [await _start(pod, balancer, running) for pod in pods[:PODS]]
        with ExitStack() as load:
            requests = [load.enter_context(Requests(balancer.port, keep_alive=keep)) for keep in (True, False) * 2]
            clients = LiveClients(balancer.port, 4, "websocket"), LiveClients(balancer.port, 4, "polling")
            async with clients[0], clients[1]:
                for old, pod in zip(kubelets, pods[PODS:], strict=True):
                    await _start(pod, balancer, running)
                    await _delete(old, balancer)
                for each in clients:
                    assert await each.all_connected()
    return _Update(requests, clients, {str(pod.ports["http"]) for pod in pods[PODS:]})


async def _start(pod: Pod, balancer: Balancer, stack: ExitStack) -> Kubelet:
    stack.enter_context(pod)
    kubelet = Kubelet(pod)
    kubelet.start()
    assert await asyncio.to_thread(kubelet.ready.wait, 60), pod.log
    balancer.let_in(pod.ports["http"])
    return kubelet


async def _delete(kubelet: Kubelet, balancer: Balancer) -> None:
    pod = kubelet.pod
    late = threading.Timer(LAG, balancer.take_out, [pod.ports["http"]])
    late.start()
    await asyncio.to_thread(kubelet.delete)
    late.join()
    assert pod.exit_status == 0, pod.log
