"""What belongs together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.conversation import (
    Earlier,
    ancestors,
    fallback_key,
    is_reply,
    participants,
    subject_key,
    thread_ids,
    thread_of,
)
from service.core.email import Address, Email

ADA, BOB, EVE = (Address("", f"{name}@example.org") for name in ("ada", "bob", "eve"))
MONDAY = datetime(2024, 3, 4, 18, tzinfo=UTC)
REPLY = Email(message_id="4", subject="Re: The plan", sender=BOB, to=(ADA,), sent=MONDAY)


def question(days: float = 1, people: tuple[Address, ...] = (ADA, BOB), thread: int = 7) -> Earlier[int]:
    """A message so many days before the reply."""
    return Earlier(thread, MONDAY - timedelta(days), frozenset(person.address for person in people))


def test_the_ancestors_are_the_references_and_the_parent() -> None:
    """The oldest first, each once, the parent last, and never the message itself."""
    assert ancestors(Email(message_id="4", references=("1", "2", "4"), in_reply_to=("3",))) == ("1", "2", "3")
    assert ancestors(Email(references=("1", "2"), in_reply_to=("2",))) == ("1", "2")
    assert ancestors(Email(references=("2", "1"), in_reply_to=("2",))) == ("1", "2")
    assert ancestors(Email()) == ()


def test_a_thread_is_looked_up_by_the_message_itself_then_by_the_nearest_ancestor() -> None:
    """An answer may have come before what it answers, and made the thread known."""
    assert thread_ids(Email(message_id="3", references=("1", "2"))) == ("3", "2", "1")
    assert thread_ids(Email(references=("1",))) == ("1",)


@pytest.mark.parametrize(
    ("subject", "key"),
    [
        ("The plan", "the plan"),
        ("Re: The  plan ", "the plan"),
        ("RE: re: Fwd: The plan", "the plan"),
        ("AW: WG: Antw: The plan", "the plan"),
        ("SV: VS: Odp: The plan", "the plan"),
        ("Re[2]: The plan", "the plan"),
        ("Re (3): The plan", "the plan"),
        ("Re : The plan", "the plan"),
        ("回复：The plan", "the plan"),
        ("[list] Re: [list] The plan", "the plan"),
        ("Re:[list]The plan", "the plan"),
        ("The plan (fwd)", "the plan"),
        ("Straße", "strasse"),
        ("[Ticket 12] broken", "[ticket 12] broken"),
        ("Regarding: The plan", "regarding: the plan"),
        ("Re: ", ""),
        ("", ""),
        ("Hello!", ""),
        ("AW: Rechnung", ""),
        ("(no subject)", ""),
        ("[list]", ""),
    ],
)
def test_a_subject_has_a_key(subject: str, key: str) -> None:
    """Without what programs put before it; none where too many unrelated messages have the same."""
    assert subject_key(subject) == key


@given(st.lists(st.sampled_from(["Re: ", "AW:", "fwd: ", "[list] ", "Re[2]: ", " "])), st.text("abc ", min_size=5))
def test_prefixes_do_not_change_the_key(prefixes: list[str], subject: str) -> None:
    """However many there are."""
    assert subject_key("".join(prefixes)[:400] + subject) == subject_key(subject)


@given(st.text())
def test_any_subject_has_a_key(subject: str) -> None:
    """Nothing raises; blanks and case are gone."""
    key = subject_key(subject)
    assert key == " ".join(key.split())


@pytest.mark.parametrize(
    ("email", "reply"),
    [
        (Email(subject="Re: The plan"), True),
        (Email(subject="[list] AW: The plan"), True),
        (Email(subject="The plan", in_reply_to=("1",)), True),
        (Email(subject="The plan", references=("1",)), True),
        (Email(subject="Fwd: The plan"), False),
        (Email(subject="Report: The plan"), False),
        (Email(), False),
    ],
)
def test_a_reply_is_seen_by_its_ancestors_or_its_subject(email: Email, reply: bool) -> None:
    """What is forwarded answers nothing."""
    assert is_reply(email) is reply


def test_participants_are_all_who_are_named() -> None:
    """Each once."""
    assert participants(Email(sender=ADA, reply_to=(ADA,), to=(BOB,), cc=(EVE,))) == {
        "ada@example.org",
        "bob@example.org",
        "eve@example.org",
    }


def test_message_ids_come_before_the_subject() -> None:
    """The message's own first, then the nearest ancestor."""
    email = Email(message_id="4", subject="Re: The plan", references=("1", "2"), sender=BOB, to=(ADA,), sent=MONDAY)
    assert thread_of(email, {"1": 1, "2": 2}, [question()]) == 2
    assert thread_of(email, {"4": 4, "2": 2}) == 4
    assert thread_of(email, {}, [question()]) == 7


def test_of_earlier_messages_the_latest_counts() -> None:
    """In whatever order they are found."""
    assert thread_of(REPLY, {}, [question(2, thread=1), question(1, thread=2), question(3, thread=3)]) == 2


def test_a_reply_to_some_of_the_people_is_still_of_their_thread() -> None:
    """One circle must hold the other."""
    assert thread_of(REPLY, {}, [question(people=(ADA, BOB, EVE))]) == 7
    assert thread_of(REPLY, {}, [question(people=(BOB,))]) == 7


@pytest.mark.parametrize(
    "earlier",
    [question(31), question(-1), question(people=(ADA, EVE)), question(people=(BOB, EVE))],
    ids=["too long ago", "later", "without the sender", "other people"],
)
def test_a_subject_alone_proves_little(earlier: Earlier[int]) -> None:
    """It must be of the last 30 days and among the same people."""
    assert thread_of(REPLY, {}, [earlier]) is None


@pytest.mark.parametrize(
    "email",
    [
        Email(subject="The plan", sender=BOB, to=(ADA,), sent=MONDAY),
        Email(subject="Re: hello", sender=BOB, to=(ADA,), sent=MONDAY),
        Email(subject="Re: The plan", to=(ADA,), sent=MONDAY),
        Email(subject="Re: The plan", sender=BOB, to=(ADA,)),
    ],
    ids=["no reply", "too common", "nobody's", "without a time"],
)
def test_without_a_key_there_is_no_falling_back(email: Email) -> None:
    """A new thread is the smaller mistake."""
    assert fallback_key(email) == ""
    assert thread_of(email, {}, [question()]) is None
