"""A volume that is full: it is said in words, nothing is spoiled, and all goes on when there is space again.

A server with such a disk is in tests/service/worker/test_full_disk.py.
"""

from __future__ import annotations

from base64 import b64decode
from contextlib import closing
from pathlib import Path

import httpx2

from service.store.database import Database
from service.store.health import FULL
from service.store.url import DatabaseUrl
from tests.image.containers import DATA, Container
from tests.service.process import TOKEN, indicator, metric
from tests.service.worker.whole import check_database, letter, wait_until

# What is in the log is moved into the database first, or the log would have room for a little more.
FILL = """
import contextlib, os, sqlite3
os.chdir(os.environ["DATA_DIR"])
sqlite3.connect("airlock.sqlite").execute("PRAGMA wal_checkpoint(TRUNCATE)")
with open("ballast", "wb", buffering=0) as ballast, contextlib.suppress(OSError):
    while True:
        ballast.write(bytes(4096))
"""
FREE = """
import os
os.remove(os.path.join(os.environ["DATA_DIR"], "ballast"))
"""
BACKUP = """
import base64, subprocess, sys
subprocess.run([sys.executable, "-m", "service", "backup", "/tmp/copy"], check=True, stdout=subprocess.DEVNULL)
print(base64.b64encode(open("/tmp/copy", "rb").read()).decode())
"""


def maildir(folder: Path) -> Path:
    """An empty one, which the container's user may read."""
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    return folder


def arrive(folder: Path, first: int, last: int) -> None:
    """Have letters delivered to a Maildir, by their numbers."""
    for number in range(first, last + 1):
        (folder / "tmp" / f"{number:06}.test").write_bytes(letter(number))
        (folder / "tmp" / f"{number:06}.test").rename(folder / "new" / f"{number:06}.test")


def follow(container: Container) -> int:
    """Have it follow the Maildir; the id of the account."""
    answer = httpx2.post(
        f"http://127.0.0.1:{container.host_port}/api/accounts",
        headers={"Authorization": f"Bearer {TOKEN}"},
        json={"kind": "maildir", "name": "Mail", "settings": {"path": "/mail/one"}},
    )
    assert answer.is_success, answer.text
    return int(answer.json()["id"])


def understood(container: Container) -> float:
    """How many messages are."""
    return metric(container, 'airlock_messages_total{outcome="understood",source="maildir"}')


def test_a_full_volume_is_said_and_survived(image: str, tmp_path: Path) -> None:
    """The worker, whose database is on a small volume that something else fills, takes up all that waited."""
    mail = maildir(tmp_path / "Mail")
    container = Container(image, env={"MAILDIR_ROOTS": "/mail", "DATA_DIR": DATA}, files={"/mail/one": mail}, mounts=[])
    with container.with_tmpfs_mount(DATA, "size=16m,uid=65532"):
        account = follow(container.ready())
        arrive(mail, 1, 20)
        wait_until(lambda: understood(container) == 20)
        container.python(FILL)
        arrive(mail, 21, 120)
        wait_until(lambda: FULL in indicator(container, "database"))
        wait_until(lambda: metric(container, 'airlock_accounts{state="failing"}') == 1)
        wait_until(lambda: "mailboxes: 1 failing" in indicator(container, "mail"))
        assert container.get("/health").status == 200
        container.python(FREE)
        wait_until(lambda: understood(container) == 120)
        wait_until(lambda: FULL not in indicator(container, "database"))
        wait_until(lambda: metric(container, 'airlock_accounts{state="failing"}') == 0)
        copy = tmp_path / "copy.sqlite"
        copy.write_bytes(b64decode(container.python(BACKUP)))
    with closing(Database(DatabaseUrl(f"sqlite:///{copy}"))) as database:
        check_database(database, {account: range(1, 121)}, in_order=False)
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
