"""Everything that one person may have: a row of every kind, each with words and ids that are nobody else's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text, update

from service.access.api_tokens import ApiTokens
from service.store import events
from service.store.scope import owned
from service.store.tables import (
    Account,
    AiUsage,
    Analysis,
    ApiToken,
    Audit,
    Base,
    Command,
    Correction,
    Correspondent,
    DeadLetter,
    Draft,
    Event,
    Learned,
    Message,
    Rule,
    RuleApplication,
    Thread,
    User,
)
from tests.service.store.followed import BEGIN, add_mailbox, mail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from service.store.database import Database

CANARY = "kanarienvogel"
"""What is in every text of hers."""
KINDS = ("accounts", "messages", "threads", "drafts", "rules", "dead-letters", "events", "tokens", "others")
FIRST = {kind: 7_000_001 + 100_000 * number for number, kind in enumerate(KINDS)}
"""Where her ids of each kind begin: no other number in an answer is like them."""
LETTER = f"""From: {CANARY} <{CANARY}@example.com>
To: ann@example.org
Subject: {CANARY} invoice?
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b

Could you send the {CANARY} by Friday?
--b
Content-Type: application/pdf; name="{CANARY}.pdf"
Content-Disposition: attachment; filename="{CANARY}.pdf"

%PDF {CANARY}
--b--
""".encode()
_TABLES: Mapping[str, Any] = {
    "accounts": Account,
    "messages": Message,
    "threads": Thread,
    "drafts": Draft,
    "rules": Rule,
    "dead-letters": DeadLetter,
    "events": Event,
    "tokens": ApiToken,
}


@dataclass(slots=True)
class Belongings:
    """The ids of what a user has, by the part of a path in front of them; and the user's API token."""

    user_id: int
    ids: dict[str, list[int]] = field(default_factory=dict)
    token: str = ""

    @property
    def numbers(self) -> set[str]:
        """All ids, as they stand in an answer."""
        return {str(id_) for ids in self.ids.values() for id_ in ids}


def give(database: Database, user_id: int) -> Belongings:
    """Give the user a row of every kind that there is; SQLite alone."""
    with database.write() as session:
        for table in ("accounts", "messages", "threads"):
            count = {"name": table, "seq": FIRST[table] - 1}
            session.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), count)
            session.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), count)
        last = FIRST["events"] - 1
        session.execute(update(User).where(User.id == user_id).values(last_event=last, pruned_event=last))
    mailbox = add_mailbox(database, user_id, CANARY)
    messages = mailbox.deliver(
        LETTER, mail(CANARY, f"{CANARY}\n", In_Reply_To=f"<{CANARY}@example.com>"), folder=CANARY
    )
    with database.write() as session:
        for message_id in messages:
            _understand(session, session.get_one(Message, message_id))
        session.add_all(_others(user_id, mailbox.account_id, *messages))
        events.append(session, user_id, events.New("message.new", {"subject": CANARY}, mailbox.account_id))
    made, token = ApiTokens(database).make(user_id, CANARY, writes=True)
    with database.write() as session:
        session.execute(update(ApiToken).where(ApiToken.id == made.id).values(id=FIRST["tokens"]))
    found = Belongings(user_id, token=token)
    with database.read() as session:
        for kind, of_kind in _TABLES.items():
            found.ids[kind] = list(session.scalars(select(of_kind.id).where(of_kind.user_id == user_id)))
    return found


def rows(database: Database, user_id: int) -> dict[str, list[Any]]:
    """All rows that are the user's, by table."""
    found = {}
    with database.read() as session:
        for mapper in Base.registry.mappers:
            mine = owned(mapper.class_, user_id)
            if mine is not None:
                statement = select(*mapper.local_table.columns).where(mine).order_by(*mapper.primary_key)
                found[str(mapper.local_table)] = [tuple(row) for row in session.execute(statement)]
    return found


def _understand(session: Session, message: Message) -> None:
    message.analysed_at = BEGIN
    session.add(
        Analysis(
            message_id=message.id, user_id=message.user_id, category="needs-reply", triaged="needs-reply", score=0.9,
            reasons=[{"words": CANARY, "weight": 0.8}], summary=CANARY, labels=[CANARY], note=CANARY,
            actions=[{"sentence": CANARY, "due": None}], dates=[],
        )
    )  # fmt: skip


def _others(user_id: int, account_id: int, first: int, second: int) -> list[Base]:
    return [
        Draft(
            id=FIRST["drafts"], user_id=user_id, message_id=first, subject=CANARY, text=CANARY, in_reply_to=CANARY,
            to=[{"name": CANARY, "address": "x@y.example"}], references=[CANARY], updated_at=BEGIN,
        ),
        DeadLetter(
            id=FIRST["dead-letters"], user_id=user_id, account_id=account_id, message_id=second, error=CANARY,
            attempts=4, at=BEGIN,
        ),
        Rule(
            id=FIRST["rules"], user_id=user_id, position=1, name=CANARY, updated_at=BEGIN,
            definition={"name": CANARY, "when": {"subject": CANARY}, "then": {"label": [CANARY]}},
        ),
        RuleApplication(
            id=FIRST["others"], user_id=user_id, message_id=first, rule=CANARY, because=CANARY, actions=[CANARY],
            at=BEGIN,
        ),
        Correction(
            id=FIRST["others"], user_id=user_id, message_id=first, category="needs-reply", was="fyi", at=BEGIN
        ),
        Audit(
            id=FIRST["others"], user_id=user_id, at=BEGIN, actor=CANARY, action=CANARY, detail={"account": account_id}
        ),
        Command(user_id=user_id, key=CANARY, digest=CANARY, answer={"was": CANARY}, at=BEGIN),
        Learned(user_id=user_id, token=CANARY, category="spam", count=1),
        Correspondent(user_id=user_id, address=CANARY, sent=1, received=1),
        AiUsage(user_id=user_id, day=BEGIN.date(), requests=1, tokens=1),
    ]  # fmt: skip
