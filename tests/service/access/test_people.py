"""People: who may sign in, and whose mail they see then."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from service.access import Access
from service.access.api_tokens import ApiTokens
from service.access.authenticator import Authenticator, Browsers
from service.access.people import NotAllowed, People
from service.access.provider import Person
from service.access.sessions import Sessions
from service.access.site import Site
from service.store.tables import Identity, User

if TYPE_CHECKING:
    from service.store.database import Database

ISSUER = "https://id.example.org"
ANN = Person(ISSUER, "1", "ann@example.org", "Ann")
BOB = Person(ISSUER, "2", "bob@example.org", "Bob")
EVE = Person(ISSUER, "3", "eve@evil.example", "Eve")


@pytest.fixture
def owner(database: Database) -> int:
    """The user whom the access token stands for."""
    Access(database, None).prepare(serves=False)
    with database.read() as session:
        return session.scalars(select(User.id)).one()


def test_the_first_of_the_users_is_the_owner(database: Database, owner: int) -> None:
    """What the access token opened is theirs, whoever signs in first; others begin with nothing."""
    people = People(database, ["ann@example.org", "bob@example.org"], [])
    bob = people.user_of(BOB)
    assert bob != owner
    assert people.user_of(ANN) == owner
    assert (people.user_of(BOB), people.user_of(ANN)) == (bob, owner)
    with database.read() as session:
        assert session.scalars(select(User.name).order_by(User.id)).all() == ["owner", "Bob"]


def test_a_domain_has_no_owner(database: Database, owner: int) -> None:
    """Or whoever comes first would have the owner's mail."""
    assert People(database, [], ["example.org"]).user_of(ANN) != owner


def test_the_owner_is_one_person(database: Database, owner: int) -> None:
    """Somebody who gets the owner's address later, or has it at another provider, is somebody else."""
    people = People(database, ["ann@example.org"], [])
    assert people.user_of(ANN) == owner
    for other in (Person(ISSUER, "9", ANN.email, "Ann"), Person("https://other.example", "1", ANN.email, "Ann")):
        assert people.user_of(other) != owner


def test_a_person_stays_the_same_with_another_address(database: Database, owner: int) -> None:
    """The provider's subject tells people apart, and the newest address is the one that is kept."""
    people = People(database, [], ["example.org"])
    user = people.user_of(BOB)
    assert people.user_of(Person(ISSUER, BOB.subject, "robert@example.org", "Robert")) == user
    with database.read() as session:
        assert session.scalars(select(Identity.email)).all() == ["robert@example.org"]


@pytest.mark.parametrize(
    "person",
    [
        EVE,
        Person(ISSUER, "4", "", "Ann"),
        Person(ISSUER, "4", "ann@example.org.evil.example", "Ann"),
        Person(ISSUER, "4", "ann@sub.example.org", "Ann"),
        Person(ISSUER, "4", "ann@evil.example@example.com", "Ann"),
        Person(ISSUER, "4", "example.org", "Ann"),
    ],
)
def test_nobody_else_may(database: Database, owner: int, person: Person) -> None:
    """Without a verified address, or with one that is not allowed, no user is made."""
    with pytest.raises(NotAllowed):
        People(database, ["ann@example.org"], ["example.org"]).user_of(person)
    with database.read() as session:
        assert session.scalars(select(User.id)).all() == [owner]


def test_who_may_no_more_is_shut_out_at_the_next_boot(database: Database, owner: int) -> None:
    """Their sessions end and their tokens open nothing; those of others go on."""
    before = People(database, ["ann@example.org"], ["example.org"])
    sessions, tokens = Sessions(database, timedelta(1), timedelta(1)), ApiTokens(database)
    users = [before.user_of(ANN), before.user_of(BOB)]
    kept, gone = (sessions.begin(user) for user in users)
    (_, kept_token), (_, gone_token) = (tokens.make(user, "script", writes=True) for user in users)
    People(database, ["ann@example.org"], []).prepare()
    assert sessions.find(kept) is not None
    assert tokens.find(kept_token) is not None
    assert sessions.find(gone) is None
    assert tokens.find(gone_token) is None


def test_who_may_no_more_opens_nothing_though_another_replica_let_them_in(database: Database, owner: int) -> None:
    """One that has not started anew knows the old list; the others ask their own with each request."""
    old, new = People(database, ["ann@example.org"], ["example.org"]), People(database, ["ann@example.org"], [])
    new.prepare()
    browsers = Browsers(Sessions(database, timedelta(1), timedelta(1)), Site("https://mail.example.org"))
    access = Access(database, SecretStr("an access token of the owner"))
    before, after = (Authenticator(database, access, browsers, people) for people in (old, new))
    users = [old.user_of(ANN), old.user_of(BOB)]
    ann, bob = (browsers.sessions.begin(user) for user in users)
    (_, anns), (_, bobs) = (before.api_tokens.make(user, "script", writes=True) for user in users)
    callers = {before.by_session(ann), before.by_session(bob), before.by_token(anns, ""), before.by_token(bobs, "")}
    assert after.by_session(ann) in callers
    assert after.by_token(anns, "") in callers
    assert after.by_session(bob) is None
    assert after.by_token(bobs, "") is None
    assert {caller.user_id for caller in after.standing({caller for caller in callers if caller})} == {owner}
    assert after.by_token("an access token of the owner", "") is not None


def test_where_nobody_signs_in_tokens_are_the_owners_alone(database: Database, owner: int) -> None:
    """Those that others made before sign-in was turned off open nothing, at once, and are there when it is on again."""
    people = People(database, ["ann@example.org", "bob@example.org"], [])
    access = Access(database, None)
    on, off = Authenticator(database, access, None, people), Authenticator(database, access)
    (_, owners), (_, bobs) = (on.api_tokens.make(user, "script", writes=True) for user in (owner, people.user_of(BOB)))
    callers = {caller for token in (owners, bobs) if (caller := on.by_token(token, ""))}
    assert len(callers) == 2
    assert off.by_token(owners, "") in callers
    assert off.by_token(bobs, "") is None
    assert {caller.user_id for caller in off.standing(callers)} == {owner}
    assert on.standing(callers) == callers
