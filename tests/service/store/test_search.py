"""Full-text search: what a person types finds the same on every database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from service.store import search
from service.store.search import Term, parse
from service.store.tables import Message, User
from tests.service.store.followed import add_mailbox, mail

if TYPE_CHECKING:
    from service.store.database import Database

MAILS = {
    "snake": mail("Snakes", "I keep snake_case and don't care: see https://example.org/a-b?c=1.\n"),
    "phrase": mail("Breakfast", "The quick brown fox had 3.14 eggs at 10:30.\n"),
    "other": mail(
        "Dinner", "The brown, quick fox wrote an e-mail to Zoë <b>boldly</b>.\n", sender="Zoë <zoe@example.net>"
    ),
    "accents": mail("ÄPFEL", "Über Äpfel und 日本語, 100%.\n"),
}


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("quick fox", [Term(("quick",)), Term(("fox",))]),
        ('"quick brown"', [Term(("quick", "brown"))]),
        ('-fox -"a b"', [Term(("fox",), without=True), Term(("a", "b"), without=True)]),
        ('bre* "quick br"* -di*', [Term(("bre",), prefix=True), Term(("quick", "br"), prefix=True),
                                     Term(("di",), prefix=True, without=True)]),
        ("bob@example.com e-mail", [Term(("bob", "example", "com")), Term(("e", "mail"))]),
        ('"never closed', [Term(("never", "closed"))]),
        ('AND OR NOT ( ) ^ : * - " \' \\ &|!<->', [Term(("AND",)), Term(("OR",)), Term(("NOT",))]),
        ("", []),
    ],
)  # fmt: skip
def test_what_is_typed_is_read_as_terms(typed: str, terms: list[Term]) -> None:
    """Operators of neither database are known; punctuation parts words that stand next to each other."""
    assert list(parse(typed)) == terms


@given(st.text(max_size=300))
def test_any_text_can_be_typed(typed: str) -> None:
    """Terms have letters and digits alone, and there are never too many."""
    terms = parse(typed)
    assert len(terms) <= search.MOST
    assert all(word.isalnum() for term in terms for word in term.words)


@pytest.fixture
def stored(database: Database) -> Database:
    """A database with the mails."""
    with database.write() as session:
        user = User(name="ann", created_at=datetime.now(UTC), last_event=0, pruned_event=0)
        session.add(user)
    add_mailbox(database, user.id).deliver(*MAILS.values())
    return database


def found(database: Database, typed: str) -> set[str]:
    """Which of the mails are found."""
    with database.read() as session:
        ids = session.scalars(select(Message.id).where(search.matches(session, parse(typed)))).all()
        subjects = {message.id: message.subject for message in session.scalars(select(Message))}
    names = {"Snakes": "snake", "Breakfast": "phrase", "Dinner": "other", "ÄPFEL": "accents"}
    return {names[subjects[id_]] for id_ in ids}


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("fox", {"phrase", "other"}),
        ("FOX quick", {"phrase", "other"}),
        ("fox dinner", {"other"}),
        ('"quick brown"', {"phrase"}),
        ('"brown quick"', {"other"}),
        ("fox -dinner", {"phrase"}),
        ("-fox", {"snake", "accents"}),
        ("-fox -snakes", {"accents"}),
        ('fox -"quick brown"', {"other"}),
        ("bre*", {"phrase"}),
        ('"quick br"*', {"phrase"}),
        ("bre", set()),
        ("case", {"snake"}),
        ("snake_case", {"snake"}),
        ("example.org", {"snake"}),
        ("https", {"snake"}),
        ("don't", {"snake"}),
        ("e-mail", {"other"}),
        ("mail", {"other"}),
        ("boldly", {"other"}),
        ("zoe@example.net", {"other"}),
        ("net", {"other"}),
        ("Zoë", {"other"}),
        ("3.14", {"phrase"}),
        ("10:30", {"phrase"}),
        ("30", {"phrase"}),
        ("äpfel", {"accents"}),
        ("Apfel", set()),
        ("日本*", {"accents"}),
        ("100%", {"accents"}),
        ("NOT fox", set()),
        ("fox OR snakes", set()),
    ],
)
def test_the_same_is_found_everywhere(stored: Database, typed: str, names: set[str]) -> None:
    """Words, phrases, exclusions and beginnings, on SQLite and on PostgreSQL."""
    assert found(stored, typed) == names


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(typed=st.text(max_size=60).filter(parse))
def test_nothing_that_is_typed_breaks_a_query(stored: Database, typed: str) -> None:
    """Whatever it is, the database understands it; unless there is a NUL, which never gets this far."""
    if "\0" not in typed:
        found(stored, typed)
