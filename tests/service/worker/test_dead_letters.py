"""A message that cannot be understood: it is tried again, then put aside in words, and a person has it tried anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, text

from service.store.tables import DeadLetter, Event, Message
from tests.service.api.client import Api
from tests.service.worker.kept import Kept
from tests.service.worker.test_workers import Mail
from tests.service.worker.whole import check_database, understood, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.database import Database
    from tests.service.commands.conftest import Client

BAD = "13@example.com"
_IS_BAD = f"(SELECT message_id FROM messages WHERE id = NEW.message_id) = '{BAD}'"  # noqa: S608  # of the test alone
_FUNCTION = f"""
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF {_IS_BAD} THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW;
END $$
"""
REFUSE = {
    "sqlite": [
        f"CREATE TRIGGER refuse BEFORE INSERT ON analyses WHEN {_IS_BAD} BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    ],
    "postgresql": [
        _FUNCTION,
        "CREATE TRIGGER refuse BEFORE INSERT ON analyses FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
}
"""A database that refuses what is made of one message."""
ALLOW = {"sqlite": "DROP TRIGGER refuse", "postgresql": "DROP TRIGGER refuse ON analyses"}


def execute(database: Database, *statements: str) -> None:
    """Change the database itself."""
    with database.write() as session:
        for statement in statements:
            session.execute(text(statement))


def test_a_message_that_fails_is_put_aside_and_retried_by_its_owner(
    database: Database, client: Client, maildir: str, tmp_path: Path
) -> None:
    """Those beside it in its batch are understood, in order; it is shown, and when the cause is gone it is done."""
    kind = database.engine.dialect.name
    execute(database, *REFUSE[kind])
    mail = Mail(client, tmp_path / "Mail")
    mail.arrive(30)
    env = {"DATABASE_URL": database.url.get_secret_value(), "MAILDIR_ROOTS": str(tmp_path)}
    with Kept(**env) as kept:
        kept.boot.wait_ready()
        wait_until(lambda: understood(database) == len(mail.sent) - 1)
        with database.read() as session:
            letter = session.scalars(select(DeadLetter)).one()
            bad = session.scalars(select(Message.id).where(Message.message_id == BAD)).one()
            told = [
                (event.type, event.data["message_id"])
                for event in session.scalars(select(Event).order_by(Event.id))
                if event.type in ("message.understood", "message.failed")
            ]
        assert (letter.message_id, letter.attempts) == (bad, 4)
        assert letter.error.startswith("the database refuses what was made of it (")
        assert [message_id for _, message_id in told] == sorted(message_id for _, message_id in told)
        assert [message_id for what, message_id in told if what == "message.failed"] == [bad]
        mail.arrive(5)
        wait_until(lambda: understood(database) == len(mail.sent) - 1)
        execute(database, ALLOW[kind])
        with Api(kept.boot) as api:
            [shown] = api.get("/dead-letters")["dead_letters"]
            assert (shown["id"], shown["message_id"], shown["error"]) == (letter.id, bad, letter.error)
            assert api.get("/status")["dead_letters"] == 1
            api.post(f"/dead-letters/{letter.id}/retry")
            wait_until(lambda: understood(database) == len(mail.sent))
            assert api.get("/dead-letters")["dead_letters"] == []
            assert api.get(f"/messages/{bad}")["analysis"]["category"]
            assert api.get("/audit")["entries"][0]["action"] == "dead-letters.retry"
    check_database(database, {mail.account: mail.sent}, in_order=False)
