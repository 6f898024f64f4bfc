"""`python -m service`: what an operator does beside the running service."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from service.access import Access
from service.access.people import People
from service.access.provider import Person
from service.store.database import Database
from service.store.queue import depths
from service.store.tables import Account, Audit, Identity, Message, User
from service.store.vault import Vault
from tests.service.process import free_port
from tests.service.store.followed import add_mailbox, mail, make_mailbox

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.url import DatabaseUrl

OLD, NEW = "o" * 32, "n" * 32


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command with only these settings."""
    variables = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "service", *words], env=variables | env, capture_output=True, text=True, timeout=60
    )


def test_migrate_makes_the_schema_and_changes_nothing_the_second_time(empty_url: DatabaseUrl) -> None:
    """A fresh database gets the newest schema, as a job before an upgrade needs it, which has no key of the vault."""
    for _ in range(2):
        done = run("migrate", DATABASE_URL=empty_url.get_secret_value())
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("the schema is 0")


def test_migrate_waits_for_the_database_and_says_what_it_waits_for(tmp_path: Path) -> None:
    """A server that is not there is asked again until the patience ends, and its password is not shown."""
    url = f"postgresql://me:hunter2@127.0.0.1:{free_port()}/mail"
    done = run("migrate", "--wait", "1.5", DATABASE_URL=url, DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.count("waiting: the database does not answer") >= 1
    assert "see that the database at DATABASE_URL" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_server_without_keys_that_all_processes_share_is_refused() -> None:
    """Each process would encrypt with a key of its own."""
    done = run("rotate-keys", DATABASE_URL="postgresql://me@127.0.0.1/mail")
    assert done.returncode == 1
    assert "SECRET_KEYS is not set" in done.stderr


def test_keys_are_rotated(database_url: DatabaseUrl) -> None:
    """With the new key in front of the old one every credential is encrypted anew; then the old one is not needed."""
    database = Database(database_url)
    mailbox = make_mailbox(database)
    with database.write() as session:
        session.execute(update(Account).values(secret=Vault([OLD]).lock("open sesame")))
    url = database_url.get_secret_value()
    assert run("rotate-keys", DATABASE_URL=url, SECRET_KEYS=NEW).returncode == 1
    done = run("rotate-keys", DATABASE_URL=url, SECRET_KEYS=f"{NEW},{OLD}")
    assert (done.returncode, done.stdout.split(" ", 1)[0]) == (0, "1")
    with database.read() as session:
        secret = session.scalars(select(Account.secret).where(Account.id == mailbox.account_id)).one()
    database.close()
    assert secret is not None
    assert Vault([NEW]).unlock(secret) == "open sesame"


def test_a_backup_has_what_was_committed_and_replaces_no_file(tmp_path: Path) -> None:
    """The copy of a database in use is whole, and an older backup is safe from it."""
    file = tmp_path / "backup.sqlite"
    assert run("migrate", DATA_DIR=str(tmp_path / "data")).returncode == 0
    assert run("backup", str(file), DATA_DIR=str(tmp_path / "data")).returncode == 0
    with sqlite3.connect(file) as copy:
        assert copy.execute("SELECT count(*) FROM users").fetchone() == (0,)
    copy.close()
    again = run("backup", str(file), DATA_DIR=str(tmp_path / "data"))
    assert again.returncode == 1
    assert "is there already" in again.stderr


def test_who_cannot_sign_in_any_more_is_forgotten(database_url: DatabaseUrl) -> None:
    """Mail, address and name, of that person alone; Google is asked to take access back, and a second time fails."""
    database = Database(database_url)
    people = People(database, ["owner@example.org"], ["example.org"])
    Access(database, None).prepare(serves=False)
    bob, eve = (people.user_of(Person("i", name, f"{name}@example.org", name)) for name in ("bob", "eve"))
    vault = Vault([NEW])
    for user_id in (bob, eve):
        mailbox = add_mailbox(database, user_id)
        mailbox.deliver(mail(f"Of {user_id}"))
        with database.write() as session:
            account = session.get_one(Account, mailbox.account_id)
            account.kind, account.secret = "gmail", vault.lock("a refresh token")
    words, url = ("forget-user", "Bob@example.org"), database_url.get_secret_value()
    done = run(*words, DATABASE_URL=url, SECRET_KEYS=NEW)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Bob@example.org is forgotten: 1 messages, and all else of theirs; Google is asked")
    with database.read() as session:
        assert session.scalars(select(Account.user_id)).all() == [eve]
        assert session.scalars(select(Message.subject)).all() == [f"Of {eve}"]
        assert session.scalars(select(Identity.email)).all() == ["eve@example.org"]
        assert session.get_one(User, bob).name == ""
        assert depths(session)["revoke"] == 1
        assert session.execute(select(Audit.user_id, Audit.actor)).all() == [(bob, "operator")]
    database.close()
    again = run(*words, DATABASE_URL=url, SECRET_KEYS=NEW)
    assert again.returncode == 1
    assert "nobody who has signed in here has the address 'Bob@example.org'" in again.stderr


@pytest.mark.parametrize("words", [[], ["frobnicate"], ["backup"], ["forget-user"]])
def test_a_wrong_command_line_is_refused(words: list[str]) -> None:
    """The status for that is 2, and the usage is shown."""
    done = run(*words)
    assert done.returncode == 2
    assert "usage: python -m service" in done.stderr
