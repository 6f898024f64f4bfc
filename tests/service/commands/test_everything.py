"""Delete everything: the user takes all back, and can begin anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text

from service.access import Access
from service.access.api_tokens import ApiTokens
from service.access.people import People
from service.access.provider import Person
from service.access.sessions import Sessions
from service.commands.command import Refused
from service.store import events
from service.store.tables import AccessToken, Audit, Base, Command, Event, Identity, Rule, User
from tests.service.api.seed import fill
from tests.service.store.followed import add_mailbox, mail

if TYPE_CHECKING:
    from tests.service.commands.conftest import Client

WORDS = {"confirm": "delete everything"}


def test_all_that_is_the_users_goes(client: Client) -> None:
    """Every table is empty but for the token, the user, and that this was done; of others nothing goes."""
    database = client.store.database
    Access(database, None).prepare(serves=True)
    fill(database)
    client.do("rules.put", rule=[{"name": "X", "when": {"subject": "x"}, "then": {"pin": True}}])
    client.do("control.pause-all", key="before")
    with database.write() as session:
        other = User(name="bob", created_at=datetime.now(UTC), last_event=0, pruned_event=0)
        session.add(other)
    add_mailbox(database, other.id).deliver(mail("Of Bob"))
    assert client.do("everything.delete", key="k", **WORDS) == {"messages": 5, "access": ""}
    assert client.do("everything.delete", key="k", **WORDS) == {"messages": 5, "access": ""}
    with database.read() as session:
        left = {
            mapper.class_.__name__: session.scalar(select(func.count()).select_from(mapper.class_))
            for mapper in Base.registry.mappers
        }
        here = {name: count for name, count in left.items() if count}
        assert here == {
            "User": 2, "AccessToken": 1, "Audit": 1, "Event": 2, "Command": 1,
            "Account": 1, "Folder": 1, "Thread": 1, "Message": 1, "Raw": 1, "Placement": 1,
        }  # fmt: skip
        assert session.scalars(select(Audit.action)).all() == ["everything.delete"]
        assert session.scalars(select(Command.key)).all() == ["k"]
        assert session.scalars(select(AccessToken)).one().user_id == client.user_id


@pytest.mark.parametrize("owner", [True, False])
def test_who_it_was_goes_too(client: Client, owner: bool) -> None:
    """Address, name and sessions; who signs in again is the owner as before, or somebody new, who has nothing."""
    database = client.store.database
    people, ann = People(database, ["ann@example.org"], ["example.org"]), Person("i", "1", "ann@example.org", "Ann")
    bob = Person("i", "2", "bob@example.org", "Bob")
    ids = {person: people.user_of(person) for person in (ann, bob)}
    sessions = Sessions(database, timedelta(hours=1), timedelta(hours=1))
    secrets = {person: sessions.begin(user_id) for person, user_id in ids.items()}
    gone, other = (ann, bob) if owner else (bob, ann)
    client.desk.do(ids[gone], "everything.delete", WORDS, actor="test")
    assert sessions.find(secrets[gone]) is None
    assert sessions.find(secrets[other]) is not None
    with database.read() as session:
        assert session.get_one(User, ids[gone]).name == ""
        assert session.scalars(select(Identity.email)).all() == [other.email]
    again = people.user_of(gone)
    assert (again == ids[gone]) is owner
    assert people.user_of(other) == ids[other]


@pytest.mark.parametrize("owner", [True, False])
def test_what_was_under_way_leaves_nothing(client: Client, owner: bool) -> None:
    """A command or a token that comes after the deletion, of a request from before it; the owner begins anew."""
    database = client.store.database
    people = People(database, ["ann@example.org"], ["example.org"])
    ann, bob = (people.user_of(Person("i", name, f"{name}@example.org", name)) for name in ("ann", "bob"))
    gone = ann if owner else bob
    client.desk.do(gone, "everything.delete", WORDS, actor="test")
    ApiTokens(database).make(gone, "late", writes=True)
    assert people.gone([ann, bob]) == (set() if owner else {bob})
    late = {"rule": [{"name": "X", "when": {"subject": "x"}, "then": {"pin": True}}]}
    if owner:
        client.desk.do(gone, "rules.put", late, actor="test")
        return
    with pytest.raises(Refused, match="deleted meanwhile") as refused:
        client.desk.do(gone, "rules.put", late, actor="test")
    assert refused.value.status == 409
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Rule)) == 0


def test_a_client_that_was_away_has_to_begin_anew(client: Client) -> None:
    """The log goes on, and what was in it is not there any more."""
    fill(client.store.database)
    with client.store.database.read() as session:
        last = events.last(session, client.user_id)
    client.do("everything.delete", **WORDS)
    with client.store.database.read() as session:
        assert events.after(session, client.user_id, last - 1, 10) is None
        log = events.after(session, client.user_id, last, 10)
        assert log is not None
        assert [event.type for event in log] == ["everything.deleted"]


def test_no_word_of_the_mail_stays_in_the_index(client: Client) -> None:
    """What FTS5 keeps for itself has none of it either; PostgreSQL keeps its index in the rows."""
    database = client.store.database
    indexed = (
        "SELECT block FROM messages_search_data" if database.is_sqlite else "SELECT messages::text::bytea FROM messages"
    )

    def mentions() -> list[bytes]:
        with database.read() as session:
            return [block for block in session.scalars(text(indexed)) if b"lunch" in block or b"gladly" in block]

    fill(database)
    assert mentions()
    client.do("everything.delete", **WORDS)
    assert not mentions()


@pytest.mark.parametrize("confirm", ["", "yes", "Delete everything"])
def test_it_has_to_be_meant(client: Client, confirm: str) -> None:
    """Without the very words nothing goes."""
    fill(client.store.database)
    with pytest.raises(Refused, match="delete everything"):
        client.do("everything.delete", confirm=confirm)
    with client.store.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Event))
