"""The control plane: tasks that are restarted, and a dead worker that is never healthy."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes import Failure
from service.control import health
from service.control.supervisor import Supervisor
from service.control.task import Heartbeat, Restarts, Task
from tests.service.process import start, start_app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.boot import Boot

INDICATOR = {"name": "tasks", "call": "service.control.health:tasks", "critical": True, "every": 0.1}


def fault(folder: Path, name: str) -> Boot:
    """A worker whose task goes wrong."""
    return start_app(folder, {"FAULT": name}, app="faulty_tasks:app", indicators=(INDICATOR,))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("failing", r"task 'failing' failed \d+ times in a row, last with ValueError: the mailbox is on fire"),
        ("silent", r"task 'silent' gave no heartbeat for \d+\.\d s, and 0\.5 s are allowed"),
        ("ending", r"task 'ending' has ended by itself, and nothing does its work"),
        ("cancelled_inside", r"task 'cancelled_inside' failed \d+ times in a row, last with CancelledError"),
    ],
)
def test_a_worker_that_does_not_work_is_not_healthy(tmp_path: Path, name: str, sentence: str) -> None:
    """Death, an end and silence each take the instance out of rotation, with a sentence that says which task."""
    with fault(tmp_path, name) as boot:
        boot.wait_ready().wait_for(f"indicator tasks is down: {sentence}")
        reply = boot.get("/health")
        assert reply.status == 503
        assert f"task '{name}'" in reply.body.decode()
        assert boot.stop() == 0


def test_a_failed_task_is_restarted_and_its_exception_is_logged(tmp_path: Path) -> None:
    """One failure is borne: the log has its traceback, the task runs again, and the instance stays healthy."""
    with fault(tmp_path, "failing_once") as boot:
        boot.wait_ready().wait_for(r"ERROR service.control: task 'failing_once' failed \(1 in a row\)")
        boot.wait_for("ValueError: a hiccup")
        assert boot.get("/tasks").body == b""
        assert boot.get("/health").status == 200
        assert boot.stop() == 0


def test_a_stop_waits_for_the_tasks(tmp_path: Path) -> None:
    """Lifespan shutdown cancels each task and awaits what it does about it."""
    with fault(tmp_path, "stopping") as boot:
        boot.wait_ready()
        assert boot.stop() == 0
        assert "the task has cleaned up" in boot.output


@pytest.mark.parametrize(
    ("mode", "detail"), [("", "well: pulse"), ("true", "well: pulse"), ("false", "nothing to supervise in this mode")]
)
def test_the_service_shows_its_tasks_in_every_mode(mode: str, detail: str) -> None:
    """The critical indicator of the service's own contract is up, and says what it looks at."""
    with start(WORKER_MODE=mode) as boot:
        reply = boot.wait_ready().get("/health?verbose")
        assert reply.status == 200
        assert detail in reply.body.decode()


def test_a_control_plane_that_was_never_started_is_down() -> None:
    """Without a supervisor nobody could tell that a worker lives."""
    with pytest.raises(Failure, match="no supervisor was started"):
        asyncio.run(health.tasks())


def test_two_tasks_cannot_share_a_name() -> None:
    """A name in a report means one task."""

    async def run(beat: Heartbeat) -> None:
        beat()

    with pytest.raises(ValueError, match="'sync' is used twice"):
        Supervisor([Task("sync", run), Task("sync", run)])


def test_a_stable_run_ends_a_row_of_failures() -> None:
    """Failures that lie far apart are no death."""
    attempts: list[int] = []

    async def run(beat: Heartbeat) -> None:
        attempts.append(len(attempts))
        if attempts[-1] < 8:
            raise ValueError(attempts[-1])
        recovered.set()
        await asyncio.Event().wait()

    async def scenario() -> dict[str, str]:
        async with Supervisor([Task("flaky", run)], Restarts(first_pause=0, stable=0)) as supervisor:
            await recovered.wait()
            return supervisor.troubles()

    recovered = asyncio.Event()
    assert asyncio.run(scenario()) == {}


@given(st.integers(1, 10_000))
def test_pauses_grow_up_to_their_end(failures: int) -> None:
    """The pause never shrinks and never passes its upper end."""
    restarts = Restarts()
    assert restarts.first_pause <= restarts.pause(failures) <= restarts.pause(failures + 1) <= restarts.longest_pause
