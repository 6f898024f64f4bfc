"""One observation about a message, and what it speaks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from service.core.sentences import sentences
from service.core.triage.received import Hop, hops

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.bayes import Counts
    from service.core.category import Category
    from service.core.email import Email

READ = 20_000
"""Characters of the text, and of the HTML, that evidence is looked for in."""

_LIST_SOFTWARE = re.compile(r"(?:^|[<\s])owner-|-(?:owner|admin|bounces?|request)(?:[+@]|$)")


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the message: who the user is, and what passed between the user and the sender before."""

    own_addresses: frozenset[str] = frozenset()
    """The user's addresses in lower case."""
    exchanged: int = 0
    """Messages that the user sent to this sender before."""
    received: int = 0
    """Messages of this sender that were seen before."""
    answers_me: bool = False
    """Whether In-Reply-To names a message of the user's."""
    learned: Counts | None = None
    """The user's corrections, for the tokens of this message."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An observation in words, and for a category its log-odds in nats: above 0 speaks for it, below against it."""

    category: Category
    log_odds: float
    words: str


@dataclass(frozen=True)
class Case:
    """A message with its context, and the views of it that several observations share; each is made once."""

    email: Email
    context: Context

    @cached_property
    def sender(self) -> str:
        """The sender's address; "" where there is none."""
        return self.email.sender.address if self.email.sender else ""

    @cached_property
    def domain(self) -> str:
        """The domain of the sender's address."""
        return self.sender.rpartition("@")[2]

    @cached_property
    def mine(self) -> bool:
        """Whether the user sent it."""
        return self.sender in self.context.own_addresses

    @cached_property
    def subject(self) -> str:
        """The subject, folded for comparison."""
        return self.email.subject[:1000].casefold()

    @cached_property
    def text(self) -> str:
        """The beginning of all its text, folded for comparison."""
        return self.email.text[:READ].casefold()

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """What the sender wrote, without what is quoted."""
        return sentences(self.email.body[:READ])

    @cached_property
    def hops(self) -> tuple[Hop, ...]:
        """The servers it came through, the last first."""
        return hops(self.email.headers.get("received", ()))

    @cached_property
    def listed(self) -> bool:
        """Whether list software passed it on: by its headers, or because answers go to those whom it is for."""
        headers = self.email.headers
        if any(name in headers for name in ("list-id", "mailing-list", "x-mailing-list", "x-beenthere")):
            return True
        answers = {one.address for one in self.email.reply_to} - {self.sender}
        if answers & {one.address for one in self.email.to}:
            return True
        return bool(_LIST_SOFTWARE.search(self.email.header("sender").casefold()))


def says(words: str, **log_odds: float) -> Iterator[Evidence]:
    """Evidence for several categories at once; `needs_reply` stands for needs-reply."""
    for name, weight in log_odds.items():
        yield Evidence(name.replace("_", "-"), weight, words)  # type: ignore[arg-type]


def any_of(*phrases: str) -> re.Pattern[str]:
    """A pattern for whole phrases in folded text, also right behind a number; literal text, so that it is linear."""
    return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(re.escape(phrase) for phrase in phrases)})(?!\w)")


def quoted(words: str, most: int = 60) -> str:
    """Words of the message, for a reason: on one line and short."""
    folded = " ".join(words.split())
    return f"“{folded if len(folded) <= most else folded[: most - 1] + '…'}”"
