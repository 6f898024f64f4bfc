"""Clocks that are wrong, and that jump: no mail is lost or there twice, and none waits until the clock is right."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import pytest
from sqlalchemy import update

from service.store.clock import now
from service.store.tables import Account, Worker
from tests.probes.proc import service_of
from tests.service.worker.kept import Kept
from tests.service.worker.test_workers import Mail, env, follower, living, mail
from tests.service.worker.whole import understood, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.database import Database

__all__ = ["env", "mail"]

HOUR = 3600

pytestmark = pytest.mark.timeout(300)


class Clocked(Kept):
    """A service with a clock of its own, which is right at first."""

    def __init__(self, folder: Path, **env: str) -> None:
        folder.mkdir()
        self._clock = folder / "clock"
        self._clock.write_text("0")
        super().__init__(folder, app="wrong_clock:app", CLOCK=str(self._clock), **env)

    def __enter__(self) -> Self:
        super().__enter__()
        self.boot.wait_ready()
        return self

    def jump(self, ahead: int) -> None:
        """Have its clock be so many seconds before this machine's now, while it runs."""
        self._clock.write_text(str(ahead))
        os.kill(service_of(self.boot), signal.SIGUSR2)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_clock_that_jumps_holds_up_no_mail(
    database: Database, mail: Mail, env: dict[str, str], tmp_path: Path
) -> None:
    """An hour ahead, and back by two; also when the worker is killed before the clock is set back."""
    with Clocked(tmp_path / "one", **env) as kept:
        for ahead in (0, HOUR, -HOUR, 0):
            kept.jump(ahead)
            mail.arrive(20)
            mail.check(database)
        kept.jump(HOUR)
        mail.arrive(100)
        wait_until(lambda: understood(database) > 80)
        kept.end()
        (tmp_path / "one" / "clock").write_text("0")
        kept.begin()
        mail.arrive(20)
        mail.check(database)


@pytest.mark.docker
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_workers_whose_clocks_differ_share_the_work(
    database: Database, mail: Mail, env: dict[str, str], tmp_path: Path
) -> None:
    """Neither takes the other for gone, whatever their clocks say and do; when one is, the other takes over."""
    with ExitStack() as stack:
        left = stack.enter_context(Clocked(tmp_path / "left", WORKER_NAME="left", **env))
        right = stack.enter_context(Clocked(tmp_path / "right", WORKER_NAME="right", **env))
        wait_until(lambda: follower(database) != "" and living(database) == {"left", "right"})
        first = follower(database)
        for ahead in (HOUR, -HOUR, 0, HOUR):
            mail.arrive(20)
            mail.check(database)
            left.jump(ahead)
            right.jump(-ahead)
        mail.arrive(20)
        mail.check(database)
        assert follower(database) == first
        assert living(database) == {"left", "right"}
        assert "workers are gone" not in left.boot.output + right.boot.output
        mail.arrive(100)
        wait_until(lambda: understood(database) > 80)
        {"left": left, "right": right}[first].end()
        mail.check(database)
        wait_until(lambda: living(database) == {"left", "right"} - {first})


@pytest.mark.docker
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_whose_clock_is_set_back_leaves_nobody_waiting(
    database: Database, mail: Mail, env: dict[str, str], tmp_path: Path
) -> None:
    """What a worker that is dead has left, as seen from half an hour before its death, is taken up at once."""
    with Clocked(tmp_path / "left", WORKER_NAME="left", **env) as left:
        mail.arrive(100)
        wait_until(lambda: understood(database) > 0)
        left.end()
        with database.write() as session:
            later = now(session) + timedelta(minutes=30)
            session.execute(update(Account).values(lease_until=later))
            session.execute(update(Worker).values(seen_at=later))
        with Clocked(tmp_path / "right", WORKER_NAME="right", **env):
            mail.arrive(20)
            mail.check(database)
            wait_until(lambda: living(database) == {"right"})
