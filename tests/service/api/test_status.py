"""The status: everybody sees their own mailboxes and whether somebody works; who that is concerns the owner alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from service.control.tasks import TERM
from service.store.clock import now
from service.store.database import Database
from service.store.tables import Worker
from service.store.url import DatabaseUrl
from tests.service.api.client import Api
from tests.service.api.served import served
from tests.service.process import free_port
from tests.service.provider import signs_in
from tests.service.store.followed import raw

if TYPE_CHECKING:
    from pathlib import Path


def see(folder: Path, name: str, ago: timedelta) -> None:
    """Have a worker shown life some time ago."""
    database = Database(DatabaseUrl(f"sqlite:///{folder / 'airlock.sqlite'}"))
    with database.write() as session:
        at = now(session) - ago
        session.merge(Worker(id=name, started_at=at, seen_at=at))
    database.close()


def test_the_workers_are_named_to_the_owner_alone(tmp_path: Path) -> None:
    """Another user learns whether one lives, and nothing of the owner's mailboxes."""
    with (
        served(tmp_path, {"one": raw(1)}, **signs_in("https://id.example.org", free_port())) as service,
        Api(service.boot) as owner,
        Api(service.boot, service.stranger) as stranger,
    ):
        assert [owner.get("/status")["working"], stranger.get("/status")["working"]] == [False, False]
        see(tmp_path, "worker-of-the-cluster", 2 * TERM)
        assert stranger.get("/status")["working"] is False
        see(tmp_path, "worker-of-the-cluster", TERM / 2)
        status = owner.get("/status")
        assert ([one["id"] for one in status["workers"]], status["working"]) == (["worker-of-the-cluster"], True)
        assert len(status["accounts"]) == 1
        answer = stranger.send("GET", "/status")
        assert "worker-of-the-cluster" not in answer.text
        assert answer.json() | {"schema_revision": ""} == {
            "schema_revision": "", "waiting": 0, "dead_letters": 0, "stored_bytes": 0, "quota_bytes": None,
            "accounts": [], "working": True, "workers": [],
        }  # fmt: skip
