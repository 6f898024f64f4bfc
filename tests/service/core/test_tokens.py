"""What a message consists of for learning."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.email import Address, Attachment, Email
from service.core.tokens import MOST, describe, tokens
from service.core.triage import Context, triage
from tests.service.core.letters import letter

TEXT = st.text(max_size=60)
ADDRESS = st.builds(Address, TEXT, TEXT)
EMAILS = st.builds(
    Email,
    message_id=TEXT,
    in_reply_to=st.lists(TEXT, max_size=2).map(tuple),
    subject=TEXT,
    sender=ADDRESS | st.none(),
    reply_to=st.lists(ADDRESS, max_size=2).map(tuple),
    to=st.lists(ADDRESS, max_size=3).map(tuple),
    sent=st.datetimes(timezones=st.timezones()) | st.none(),
    headers=st.dictionaries(
        st.sampled_from(["received", "date", "list-id", "x-mailer", "authentication-results", "to", "x-" + "y" * 99])
        | TEXT,
        st.lists(TEXT, min_size=1, max_size=3).map(tuple),
        max_size=6,
    ),
    text=st.text(max_size=300),
    html=st.text(max_size=300),
    body=st.text(max_size=300),
    attachments=st.lists(st.builds(Attachment, TEXT, TEXT, st.integers(0)), max_size=2).map(tuple),
)


def test_sender_list_subject_links_and_words_are_tokens() -> None:
    """Folded, each once."""
    found = tokens(
        letter("The Garden: https://garden.example/x?y", Subject="Winter Garden", List_Id="G <weekly.garden.example>")
    )
    assert {
        "from:ada@work.example",
        "domain:work.example",
        "list:weekly.garden.example",
        "subject:winter",
        "subject:winter garden",
        "link:garden.example",
        "garden",
    } <= found


def test_a_language_without_spaces_has_tokens_of_two_characters() -> None:
    """Japanese, say."""
    assert {"会議", "議室"} <= tokens(letter("会議室"))


def test_tokens_are_told_in_words() -> None:
    """Each kind in its own way."""
    assert describe("unsubscribe") == "“unsubscribe”"
    assert describe("domain:work.example") == "a sender at work.example"
    assert describe("subject:winter garden") == "“winter garden” in the subject"
    assert describe("x-mailer:the bat!") == "x-mailer the bat!"


def test_a_hostile_message_has_a_bounded_number_of_tokens() -> None:
    """Five million characters, each word another one."""
    body = " ".join(f"word{number}" for number in range(500_000))
    assert len(tokens(Email(text=body, html=f"<a href='http://{body}'>", subject=body, body=body))) <= MOST


@given(EMAILS)
def test_any_message_has_a_bounded_number_of_short_tokens(email: Email) -> None:
    """The same each time, and none that the counts keep for themselves."""
    found = tokens(email)
    assert len(found) <= MOST
    assert found == tokens(email)
    assert all(token and not token.startswith("#") and len(token) < 140 and describe(token) for token in found)


@settings(max_examples=60)
@given(EMAILS, st.frozensets(TEXT, max_size=2), st.integers(0, 9), st.booleans())
def test_any_message_has_one_verdict_with_reasons(email: Email, own: frozenset[str], count: int, answers: bool) -> None:
    """No exception, a score from 0 to 1, and the same verdict each time."""
    context = Context(own, exchanged=count, received=count, answers_me=answers)
    verdict = triage(email, context)
    assert verdict == triage(email, context)
    assert 0 < verdict.score <= 1
    assert verdict.reasons
    assert all(reason.words and -1 <= reason.weight <= 1 for reason in verdict.reasons)
