"""Days and times as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.dates import MOST, mentions, mentions_in
from tests.service.core.letters import letter

SENT = datetime(2026, 11, 24, 9, tzinfo=UTC)  # a Tuesday


def at(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> datetime:
    """A moment in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sentence", "words", "when"),
    [
        ("We meet on 2026-12-01.", "2026-12-01", date(2026, 12, 1)),
        ("We meet at 2026-12-01T14:30.", "2026-12-01T14:30", at(1, 14, 30, 12)),
        ("At 2026-12-01T14:30:05Z.", "2026-12-01T14:30:05Z", datetime(2026, 12, 1, 14, 30, 5, tzinfo=UTC)),
        ("At 2026-12-01 14:30-05:00.", "2026-12-01 14:30-05:00", at(1, 19, 30, 12)),
        ("Tomorrow works.", "Tomorrow", date(2026, 11, 25)),
        ("The day after tomorrow works.", "The day after tomorrow", date(2026, 11, 26)),
        ("See you tonight at 8 pm.", "tonight at 8 pm", at(24, 20)),
        ("Tuesday works.", "Tuesday", date(2026, 12, 1)),
        ("Next Tuesday works.", "Next Tuesday", date(2026, 12, 1)),
        ("Next Friday works.", "Next Friday", date(2026, 12, 4)),
        ("Send it by Friday 5pm.", "Friday 5pm", at(27, 17)),
        ("Send it at 5 p.m. on Friday.", "5 p.m. on Friday", at(27, 17)),
        ("Lunch on Friday at noon?", "Friday at noon", at(27, 12)),
        ("It is due on 12 March.", "12 March", date(2027, 3, 12)),
        ("It was due on 12 October.", "12 October", date(2026, 10, 12)),
        ("It is due March 12th, 2027.", "March 12th, 2027", date(2027, 3, 12)),
        ("It is due on the 1st of May 2027, 09:15.", "1st of May 2027, 09:15", at(1, 9, 15, 5, 2027)),
        ("In two weeks we move.", "In two weeks", date(2026, 12, 8)),
        ("Send it by the end of the month.", "end of the month", date(2026, 11, 30)),
        ("Send it by end of week.", "end of week", date(2026, 11, 27)),
        ("Wir treffen uns am 12. März 2027 um 14 Uhr.", "12. März 2027 um 14 Uhr", at(12, 14, 0, 3, 2027)),
        ("Bis 5.12. brauche ich es.", "5.12.", date(2026, 12, 5)),
        ("Am 05.12.2026 um 9:30 Uhr.", "05.12.2026 um 9:30 Uhr", at(5, 9, 30, 12)),
        ("Geht es übermorgen?", "übermorgen", date(2026, 11, 26)),
        ("Am Freitag, 14.30 Uhr.", "Freitag, 14.30 Uhr", at(27, 14, 30)),
        ("In 3 Tagen.", "In 3 Tagen", date(2026, 11, 27)),
        ("Rendez-vous le 3 février 2027 à 14h30.", "3 février 2027 à 14h30", at(3, 14, 30, 2, 2027)),
        ("Réponse vendredi, merci.", "vendredi", date(2026, 11, 27)),
        ("El 5 de mayo de 2027.", "5 de mayo de 2027", date(2027, 5, 5)),
        ("Ci vediamo lunedì alle 10:00.", "lunedì alle 10:00", at(30, 10)),
        ("On 13/4/2027 or later.", "13/4/2027", date(2027, 4, 13)),
        ("On 4/13/2027 or later.", "4/13/2027", date(2027, 4, 13)),
    ],
)
def test_a_mention_is_resolved_and_keeps_its_words(sentence: str, words: str, when: date | datetime) -> None:
    """Against Tuesday, 24 November 2026."""
    (mention,) = mentions_in([sentence], SENT)
    assert (mention.words, mention.when, mention.sentence) == (words, when, sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Guten Morgen, Rosa.",
        "It was last Friday.",
        "On 3/4/2027.",
        "On 2026-02-31.",
        "You may 5 times.",
        "Version 1.2.3 and 10.0.0.1.",
        "Call 555-2026-12-01-9.",
        "Nothing here.",
    ],
)
def test_what_is_no_day_or_could_be_two_is_left_alone(sentence: str) -> None:
    """Greetings, the past, days that do not exist, versions, and 3/4."""
    assert mentions_in([sentence], SENT) == ()


def test_a_day_without_a_hint_of_the_year_needs_the_day_of_sending() -> None:
    """A message without a date tells only what names its year."""
    assert mentions_in(["Tomorrow or on 12 March."], None) == ()
    assert mentions_in(["On 12 March 2027."], None)[0].when == date(2027, 3, 12)


def test_times_are_the_writers() -> None:
    """In the zone of the Date header; 23:30 in New York is another day in UTC."""
    message = letter("Tomorrow at 5pm?", Date="Mon, 23 Nov 2026 23:30:00 -0500")
    (mention,) = mentions(message)
    assert mention.when == datetime(2026, 11, 24, 17, tzinfo=timezone(timedelta(hours=-5)))


def test_only_what_the_writer_wrote_now_counts() -> None:
    """Not what is quoted."""
    assert mentions(letter("Fine.\n\nOn Monday Rosa wrote:\n> Shall we say 2026-12-01?\n")) == ()


@given(st.text(max_size=300), st.datetimes(timezones=st.just(UTC)) | st.none())
def test_any_text_is_searched_without_an_error(text: str, sent: datetime | None) -> None:
    """And what is found stands in the text."""
    for mention in mentions_in([text], sent):
        assert mention.words in text


PARTS = [
    "in",
    "3",
    "31",
    "12.",
    "5pm",
    "days",
    "next",
    "Friday",
    "March",
    "2027",
    "9999-12-31",
    "tomorrow",
    "T25:61",
    "0",
    ",",
]


@given(st.lists(st.sampled_from(PARTS), max_size=12), st.datetimes(timezones=st.just(UTC)))
def test_any_mixture_of_the_words_of_dates_is_searched_without_an_error(parts: list[str], sent: datetime) -> None:
    """Days beyond the calendar, in the year 1 and in the year 9999."""
    text = " ".join(parts)
    assert mentions_in([text], sent) == mentions_in([text], sent)


def test_a_hostile_body_has_a_bounded_number_of_mentions() -> None:
    """Five million characters of days."""
    assert len(mentions(letter("tomorrow 5pm on Friday 12 March, " * 160_000))) <= MOST
