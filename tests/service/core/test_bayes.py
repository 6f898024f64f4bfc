"""What the user's corrections teach."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from service.core.bayes import FARTHEST, FEWEST, MESSAGES, TOKENS, Counts, increments, judge, wanted
from service.core.category import CATEGORIES, Category
from service.core.tokens import tokens
from service.core.triage import Context, triage
from tests.service.core.letters import ME, letter, reasons


def filed(tokens: frozenset[str], category: Category, times: int) -> list[tuple[frozenset[str], Category]]:
    """As many messages with these tokens, filed under a category."""
    return [(tokens, category)] * times


NEWS = frozenset({"unsubscribe", "garden", "from:news@garden.example"})
PRIVATE = frozenset({"lunch", "tomorrow", "from:ada@work.example"})
FILED = [*filed(NEWS, "newsletter", 12), *filed(PRIVATE, "fyi", 8)]


def test_what_was_filed_often_is_recognised() -> None:
    """And the opinion on the others is the opposite."""
    opinion = judge(frozenset({"unsubscribe", "garden"}), Counts.of(FILED))
    assert opinion.log_odds["newsletter"] > 0 > opinion.log_odds["fyi"]


def test_the_most_telling_tokens_are_told_in_words() -> None:
    """With how many messages were filed so."""
    opinion = judge(frozenset({"unsubscribe", "lunch"}), Counts.of(FILED))
    words = [one.words("newsletter") for one in opinion.telling["newsletter"]]
    assert "you filed 12 messages with “unsubscribe” under newsletter" in words
    assert "you filed 8 messages with “lunch” under something else than newsletter" in words


def test_a_few_examples_give_no_opinion() -> None:
    """Neither of a category that has too few, nor while there is nothing to compare with."""
    few = filed(NEWS, "newsletter", FEWEST - 1)
    assert judge(NEWS, Counts.of(few + filed(PRIVATE, "fyi", 20))).log_odds == {}
    assert judge(NEWS, Counts.of(filed(NEWS, "newsletter", 50))).log_odds == {}
    assert judge(NEWS, Counts()).log_odds == {}


def test_categories_with_few_examples_are_rivals_together() -> None:
    """Spam alone has enough, and the rest of the corrections says what is not spam."""
    rest = filed(NEWS, "newsletter", 3) + filed(PRIVATE, "fyi", 3)
    opinion = judge(frozenset({"pills"}), Counts.of(filed(frozenset({"pills"}), "spam", FEWEST) + rest))
    assert set(opinion.log_odds) == {"spam"}
    assert opinion.log_odds["spam"] > 0


def test_unknown_tokens_say_nothing() -> None:
    """A message unlike all others is judged by its evidence alone."""
    opinion = judge(frozenset({"never", "seen"}), Counts.of(FILED))
    assert set(opinion.log_odds.values()) == {0.0}


def test_how_many_messages_were_filed_under_what_does_not_matter() -> None:
    """A hundred newsletters more do not make a private message one."""
    few = judge(PRIVATE, Counts.of(FILED)).log_odds["fyi"]
    many = judge(PRIVATE, Counts.of(FILED + filed(NEWS, "newsletter", 100))).log_odds["fyi"]
    assert math.isclose(few, many, rel_tol=0.5)
    assert many > 0


def test_filing_and_unfiling_leave_the_rows_as_they_were() -> None:
    """What `increments` adds, taking it away removes; the rows are those that `wanted` asks for."""
    rows = increments(NEWS)
    assert rows[MESSAGES] == 1
    assert rows[TOKENS] == len(NEWS)
    assert set(rows) == wanted(NEWS)
    stored = [(token, "newsletter", 12 * count) for token, count in rows.items()]
    stored += [(token, "fyi", 8 * count) for token, count in increments(PRIVATE).items()]
    assert Counts.of_rows(stored) == Counts.of(FILED)
    assert Counts.of_rows([*stored, ("lunch", "spam", 0), ("lunch", "no category", 3)]) == Counts.of(FILED)


def test_a_correction_changes_the_verdict_and_is_its_reason() -> None:
    """The user files a colleague's notes as newsletters; the next one is one."""
    notes = [letter(f"Notes of week {week}: what we did and what comes.", Subject="Weekly notes") for week in range(10)]
    others = [letter(f"Shall we meet for lunch on day {day}?", Subject="Lunch") for day in range(10)]
    corrections = Counts.of(
        [*((tokens(one), "newsletter") for one in notes), *((tokens(one), "needs-reply") for one in others)]
    )
    new = letter("Notes of week 11: what we did and what comes.", Subject="Weekly notes")
    before = triage(new, Context(frozenset({ME})))
    after = triage(new, Context(frozenset({ME}), learned=corrections))
    assert (before.category, after.category) == ("fyi", "newsletter")
    assert "you filed 10 messages with “weekly” in the subject under newsletter" in reasons(after)


@given(
    st.frozensets(st.text(max_size=8), max_size=20),
    st.lists(st.tuples(st.text(max_size=8), st.sampled_from(CATEGORIES), st.integers(-3, 10**9)), max_size=60),
)
def test_any_rows_give_an_opinion_within_bounds(found: frozenset[str], rows: list[tuple[str, Category, int]]) -> None:
    """Even rows that contradict each other; the same rows the same opinion."""
    counts = Counts.of_rows(rows)
    opinion = judge(found, counts)
    assert all(-FARTHEST <= log_odds <= FARTHEST for log_odds in opinion.log_odds.values())
    assert opinion == judge(found, counts)
    for category, telling in opinion.telling.items():
        assert all(one.words(category) for one in telling)
