"""What an operator does beside the running service: `python -m service COMMAND`.

COMMAND is `migrate`, `rotate-keys`, `backup FILE` or `forget-user ADDRESS`.

Exit status: 0 done, 1 it failed, 2 usage.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from probes import Failure, Waiting
from service.commands import COMMANDS
from service.commands.desk import Desk
from service.mail.registry import Allowed
from service.settings import Settings, load
from service.store import schema
from service.store.opened import Store, open_database, open_store
from service.store.queue import Queue
from service.store.tables import Identity

if TYPE_CHECKING:
    from service.store.database import Database

_PAUSE = 1.0  # seconds between two attempts while the database is not there


def main() -> int:
    """Run the command of the command line; returns the exit status."""
    options = _parser().parse_args()
    try:
        print(_run(options, load()))
    except Failure as failure:
        print(failure.detail, *(f"  - {step}" for step in failure.resolution), sep="\n", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m service", description="What is done beside the running service.")
    commands = parser.add_subparsers(dest="command", required=True)
    migrate = commands.add_parser("migrate", help="bring the database's schema up to date")
    migrate.add_argument("--wait", type=float, default=60.0, help="seconds to wait for the database (60)")
    commands.add_parser("rotate-keys", help="encrypt stored credentials with the first of SECRET_KEYS")
    backup = commands.add_parser("backup", help="copy the SQLite database of a running service into a new file")
    backup.add_argument("file", type=Path)
    forget = commands.add_parser("forget-user", help="delete everything of a person, who may not be able to sign in")
    forget.add_argument("address", help="the verified address with which the person signed in last")
    return parser


def _run(options: argparse.Namespace, settings: Settings) -> str:
    if options.command == "rotate-keys":
        with closing(open_store(settings)) as store:
            return _rotate(store)
    if options.command == "forget-user":
        with closing(open_store(settings)) as store:
            return _forget(store, settings, options.address)
    with closing(open_database(settings)) as database:
        if options.command == "migrate":
            return f"the schema is {_migrate(database, options.wait)}"
        return _back_up(database, options.file)


def _migrate(database: Database, patience: float) -> str:
    deadline = time.monotonic() + patience
    while True:
        try:
            return schema.migrate(database)
        except Waiting as waiting:
            if time.monotonic() >= deadline:
                raise
            print(f"waiting: {waiting.detail}", file=sys.stderr)
            time.sleep(_PAUSE)


def _rotate(store: Store) -> str:
    with schema.reachable(store.database), store.database.write() as session:
        rotated = store.vault.rotate(session)
    return f"{rotated} stored credentials are encrypted with the first key: the others can be taken out of SECRET_KEYS"


def _forget(store: Store, settings: Settings, address: str) -> str:
    with schema.reachable(store.database):
        with store.database.read() as session:
            known = select(Identity.user_id).where(Identity.email == address.lower()).distinct()
            users = session.scalars(known).all()
        if not users:
            raise Failure(
                f"nobody who has signed in here has the address {address!r}, or they are forgotten already",
                "name the address that the provider told when they signed in last",
            )
        desk = Desk(store, Queue(store.database), Allowed.by(settings), COMMANDS)
        words = {"confirm": "delete everything"}
        answers = [desk.do(user_id, "everything.delete", words, actor="operator") for user_id in users]
    gone = f"{address} is forgotten: {sum(answer['messages'] for answer in answers)} messages, and all else of theirs"
    return "; ".join([gone, *{answer["access"] for answer in answers if answer["access"]}])


def _back_up(database: Database, file: Path) -> str:
    if not database.is_sqlite:
        raise Failure("only a file of SQLite is copied by this command", "use pg_dump for PostgreSQL")
    if file.exists():
        raise Failure(f"{file} is there already", "name a new file: a backup replaces no other one")
    connection = database.engine.raw_connection()  # VACUUM is no part of a transaction
    try:
        connection.cursor().execute("VACUUM INTO ?", [str(file)])
    except sqlite3.Error as error:
        raise Failure(f"the backup could not be written to {file}: {error}") from None
    finally:
        connection.close()
    return (
        f"{file} has all that was committed; the secret of the vault is not in it: keep secret.key or SECRET_KEYS too"
    )


if __name__ == "__main__":
    sys.exit(main())
