"""Real messages, where there are some: all of them are kept and understood. Of their content nothing is printed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from service.mail.source import INBOX
from service.store.tables import Analysis, DeadLetter, Folder, Message, Placement, Raw
from tests.bench.triage import CORPUS
from tests.service.worker.kept import Kept
from tests.service.worker.whole import understood, wait_until

if TYPE_CHECKING:
    from typing import Any

    from service.store.database import Database
    from tests.service.commands.conftest import Client

pytestmark = [
    pytest.mark.skipif(not CORPUS.exists(), reason=f"there are no real messages at {CORPUS}"),
    pytest.mark.timeout(300),
]


def fill(folder: Path) -> int:
    """Put the messages into a Maildir; how many there are."""
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        contents = [json.loads(line)["raw"].encode() for line in lines]
    for number, content in enumerate(contents):
        (folder / "new" / f"{number:06}.test").write_bytes(content)
    return len(contents)


def count(database: Database, table: Any) -> int:
    """How many rows there are."""
    with database.read() as session:
        return session.scalars(select(func.count()).select_from(table)).one()


def test_all_of_a_real_mailbox_is_kept_and_understood(
    database: Database, client: Client, maildir: str, tmp_path: Path
) -> None:
    """The cursor is at the end, each message has its bytes and one analysis, and none was given up."""
    arrived = fill(Path(maildir))
    account = client.do("accounts.create", kind="maildir", name="Mail", settings={"path": maildir})["id"]
    with Kept(DATABASE_URL=database.url.get_secret_value(), MAILDIR_ROOTS=str(tmp_path), WORKER_MODE="true"):
        wait_until(lambda: count(database, Placement) == arrived)
        wait_until(lambda: understood(database) == count(database, Message), patience=200)
    with database.read() as session:
        folder = session.scalars(select(Folder).where(Folder.account_id == account)).one()
        assert (folder.name, folder.uidnext) == (INBOX, arrived + 1)
        messages = session.scalars(select(Message.id).order_by(Message.id)).all()
        assert session.scalars(select(Analysis.message_id).order_by(Analysis.message_id)).all() == messages
        kept = {hash(data) for data in session.scalars(select(Raw.data))}
    assert kept <= {hash(file.read_bytes()) for file in Path(maildir, "new").iterdir()}
    assert len(kept) == len(messages)
    assert count(database, DeadLetter) == 0
