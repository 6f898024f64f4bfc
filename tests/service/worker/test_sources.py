"""What is opened for whom: this machine and its networks are the owner's."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from service.mail.source import SourceError
from service.settings import load
from service.store.tables import Account, User
from service.worker.sources import Sources
from tests.service.mail.inbox import MemoryInbox
from tests.service.process import free_port
from tests.service.store.followed import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.opened import Store


@pytest.fixture
def sources(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    """Those of a service whose operator allows both."""
    monkeypatch.setenv("MAILDIR_ROOTS", str(tmp_path))
    monkeypatch.setenv("IMAP_ALLOW_PRIVATE", "true")
    return Sources(store, load())


@pytest.fixture
def users(store: Store) -> list[int]:
    """The owner, and somebody else."""
    with store.database.write() as session:
        made = [User(name=name, created_at=NOW, last_event=0, pruned_event=0) for name in ("owner", "other")]
        session.add_all(made)
        session.flush()
        return sorted(user.id for user in made)


def add(store: Store, user_id: int, kind: str, settings: dict[str, Any]) -> int:
    """An account, as it is stored."""
    with store.database.write() as session:
        account = Account(user_id=user_id, kind=kind, name="Mail", address="", settings=settings, created_at=NOW)
        session.add(account)
        session.flush()
        return account.id


def sync(sources: Sources, account_id: int) -> None:
    """One pass over a mailbox."""
    with closing(sources.open(account_id)) as source:
        source.sync(MemoryInbox())


def test_nobody_but_the_owner_reaches_a_private_network(store: Store, sources: Sources, users: list[int]) -> None:
    """Or what is said of a port would tell everybody which servers are there."""
    port = free_port()
    settings = {"host": "127.0.0.1", "port": port, "username": "ann", "security": "none"}
    owners, others = (add(store, user, "imap", settings) for user in users)
    with pytest.raises(SourceError, match=f"127.0.0.1:{port} refuses the connection"):
        sync(sources, owners)
    with pytest.raises(SourceError, match=r"private network.* IMAP_ALLOW_PRIVATE=true, which is for the owner's"):
        sync(sources, others)


def test_nobody_but_the_owner_reads_a_maildir(store: Store, sources: Sources, users: list[int], tmp_path: Path) -> None:
    """However its account came to be there."""
    for part in ("cur", "new", "tmp"):
        (tmp_path / "mail" / part).mkdir(parents=True)
    owners, others = (add(store, user, "maildir", {"path": str(tmp_path / "mail")}) for user in users)
    sync(sources, owners)
    with pytest.raises(SourceError, match="the owner's alone"):
        sources.open(others)
