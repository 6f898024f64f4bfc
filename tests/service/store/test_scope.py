"""Whose rows a session sees: one user's, whatever is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased

from service.store.scope import owned, read_as, write_as
from service.store.tables import Account, Base, Folder, Message, Placement, Raw, Thread, User
from tests.service.store.mailbox import Mailbox, mail

if TYPE_CHECKING:
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
        Mailbox(database, user.id, user.name).deliver(mail(user.name))
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
    with pytest.raises(RuntimeError, match="Thread for another user"), write_as(database, ann) as session:
        session.add(Thread(user_id=bob, subject="", subject_key="", latest_at=NOW))
    with read_as(database, bob) as session:
        assert len(session.scalars(select(Thread)).all()) == 1
