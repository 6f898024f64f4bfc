"""Whose rows a session sees: one user's, whatever is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import column, delete, func, insert, literal_column, select, table, text, update
from sqlalchemy.orm import Session, aliased

from service.store.scope import Unscoped, owned, owned_tables, read_as, serving, write_as
from service.store.tables import Account, Base, Draft, Folder, Message, Placement, Raw, Thread, User, Worker
from tests.service.store.followed import add_mailbox, mail

if TYPE_CHECKING:
    from sqlalchemy.sql import Executable

    from service.store.database import Database

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SHARED = {"SignIn", "Worker"}
"""Tables that belong to no user."""


@pytest.fixture
def users(database: Database) -> tuple[int, int]:
    """Two users with a mailbox, a folder and a message each."""
    with database.write() as session:
        people = [User(name=name, created_at=NOW, last_event=0, pruned_event=0) for name in ("ann", "bob")]
        session.add_all(people)
    for user in people:
        add_mailbox(database, user.id, user.name).deliver(mail(user.name))
    return people[0].id, people[1].id


def test_every_table_has_an_owner_or_is_known_to_have_none() -> None:
    """A table that joins must say whose its rows are."""
    assert {mapper.class_.__name__ for mapper in Base.registry.mappers if owned(mapper.class_, 1) is None} == SHARED


@pytest.mark.parametrize("table", [User, Account, Thread, Message, Folder, Placement, Raw])
def test_a_query_finds_what_is_the_users(database: Database, users: tuple[int, int], table: type[Base]) -> None:
    """As rows, as a count, under an alias, and by key."""
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(table)) == 2
    for user in users:
        with read_as(database, user) as session:
            [row] = session.scalars(select(table)).all()
            assert session.scalar(select(func.count()).select_from(table)) == 1
            assert len(session.scalars(select(aliased(table))).all()) == 1
            key = table.__mapper__.primary_key_from_instance(row)
        with read_as(database, sum(users) - user) as session:
            assert session.get(table, key) is None


def test_columns_joins_and_subqueries_are_narrowed_too(database: Database, users: tuple[int, int]) -> None:
    """No way of asking leads around it."""
    ann, _ = users
    with read_as(database, ann) as session:
        assert session.execute(select(Message.subject)).all() == [("ann",)]
        assert (
            len(
                session.execute(select(Message.id, Folder.name).select_from(Message).join(Placement).join(Folder)).all()
            )
            == 1
        )
        assert session.scalar(select(Thread.id).where(Thread.id.in_(select(Message.thread_id))).limit(1)) is not None
        assert session.scalar(select(func.count()).select_from(select(Message).subquery())) == 1


def test_changes_do_not_reach_others(database: Database, users: tuple[int, int]) -> None:
    """UPDATE and DELETE are narrowed as well."""
    ann, bob = users
    with write_as(database, ann) as session:
        session.execute(update(Account).values(name="mine"))
        session.execute(delete(Message))
    with read_as(database, bob) as session:
        assert session.scalars(select(Account.name)).all() == ["bob"]
        assert len(session.scalars(select(Message)).all()) == 1


def test_a_row_for_another_user_is_not_written(database: Database, users: tuple[int, int]) -> None:
    """It is a mistake of the service, and nothing of the transaction stays."""
    ann, bob = users
    with pytest.raises(Unscoped, match="Thread for another user"), write_as(database, ann) as session:
        session.add(Thread(user_id=bob, subject="", subject_key="", latest_at=NOW))
    with read_as(database, bob) as session:
        [thread] = session.scalars(select(Thread)).all()
    thread.subject = "not mine"
    for change in (Session.add, Session.delete):
        with pytest.raises(Unscoped, match="Thread for another user"), write_as(database, ann) as session:
            change(session, thread)
    with pytest.raises(Unscoped, match="Thread for another user"), write_as(database, ann) as session:
        session.scalars(select(Thread)).one().user_id = bob


BARE: Any = Message.__table__
"""The table behind the class, which the ORM does not narrow."""


@pytest.mark.parametrize(
    "statement",
    [
        select(BARE),
        select(func.count()).select_from(BARE),
        select(BARE.alias().c.id),
        update(BARE).values(subject=""),
        delete(BARE),
        insert(Message),
        text("SELECT subject FROM messages"),
        text('DELETE FROM "messages"'),
        select(literal_column("(SELECT max(subject) FROM messages)")),
        select(table("messages", column("subject"))),
        select(Draft.id).where(Draft.message_id.in_(select(BARE.c.id))),
        select(Draft.id).join(BARE, BARE.c.id == Draft.message_id),
    ],
)
def test_what_cannot_be_narrowed_is_refused(database: Database, users: tuple[int, int], statement: Executable) -> None:
    """SQL as text, and tables that are asked around the ORM: it does not run, whoever opened the session and how."""
    with pytest.raises(Unscoped, match="messages"), write_as(database, users[0]) as session:
        session.execute(statement)
    with serving(users[0]), pytest.raises(Unscoped, match="messages"), database.write() as session:
        session.execute(statement)
    with database.read() as session:
        assert len(session.scalars(select(Message)).all()) == 2


def test_nobody_has_to_say_whose_request_it_is(database: Database, users: tuple[int, int]) -> None:
    """What serves a request and forgets its user sees that user's rows alone, and changes no other's."""
    ann, bob = users
    with serving(ann):
        with database.read() as session:
            assert session.scalars(select(Message.subject)).all() == ["ann"]
            assert session.scalar(select(func.count()).select_from(Account)) == 1
        with database.write() as session:
            session.execute(delete(Message))
            session.execute(update(Account).values(name="mine"))
    with database.read() as session:
        assert session.scalars(select(Message.subject)).all() == ["bob"]
        assert session.scalars(select(Account.name).order_by(Account.id)).all() == ["mine", "bob"]
    with serving(ann), read_as(database, bob) as session, pytest.raises(Unscoped, match="opens a session of user"):
        session.scalars(select(Message)).all()


@pytest.mark.parametrize("name", sorted(owned_tables()))
def test_while_nobody_is_known_there_is_nothing(database: Database, name: str) -> None:
    """A request of a stranger: no row of any user, and of tables that belong to none what there is."""
    kind = next(mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__tablename__ == name)
    with serving("nobody"), database.write() as session:
        for statement in (select(kind), select(func.count()).select_from(kind), delete(kind)):
            with pytest.raises(Unscoped, match=f"{name}, and it is not known for whom"):
                session.execute(statement)
        assert session.scalars(select(Worker)).all() == []
    with serving("nobody"), pytest.raises(Unscoped, match="User"), database.write() as session:
        session.add(User(name="me", created_at=NOW))
