"""A reply as a proposal: it greets, takes up each question and request, and leaves every answer to the user.

It states nothing: where something must be said there is `BLANK`. Nothing of this is ever sent by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.core.asks import asks
from service.core.noreply import reads_nothing
from service.core.phrasing import PHRASES, language
from service.core.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from service.core.actions import Action
    from service.core.category import Verdict
    from service.core.dates import Mention
    from service.core.email import Address, Email

BLANK = "[…]"
"""Where the user writes the answer."""
MOST = 6
"""Questions and requests that are taken up."""
LONGEST = 200
"""Characters of each that are quoted."""

_PREFIX = re.compile(r"(?:(?:re|aw|antw|antwort|sv|vs|rif|res|ref)(?:\[\d{1,3}\])?\s?:\s*)+", re.IGNORECASE)
_TITLE = re.compile(r"(?:dr|prof|mr|mrs|ms|herr|frau|m|mme|sr|sra)\b", re.IGNORECASE)
_LIST_ROLE = re.compile(r"^owner-|-(?:owner|admin|bounces?|request)$")


@dataclass(frozen=True, slots=True)
class Draft:
    """A plain-text reply; Message-IDs without angle brackets."""

    to: tuple[Address, ...]
    subject: str
    body: str
    in_reply_to: str
    references: tuple[str, ...]


def propose(
    email: Email, verdict: Verdict, actions: Sequence[Action], dates: Sequence[Mention], own: AbstractSet[str]
) -> Draft | None:
    """A reply to a message that needs one or that invites; None for all others, and where nobody would read it.

    `own` are the user's addresses in lower case.
    """
    if verdict.category not in {"needs-reply", "calendar"}:
        return None
    to = _recipients(email, own)
    if not to:
        return None
    phrases = PHRASES[language(email.body)]
    lines = _invited(email, dates, phrases["invited"]) if verdict.category == "calendar" else []
    for asked in _asked(email, actions):
        lines.append(f"> {asked}\n{BLANK}")
    name = _first_name(to[0].name)
    greeting = phrases["greeting"].format(name=name) if name else phrases["nameless"]
    body = "\n\n".join([greeting, *(lines or [BLANK]), phrases["closing"]])
    identity = (email.message_id,) if email.message_id else ()
    ancestors = email.references or email.in_reply_to
    return Draft(to, _subject(email.subject), body, email.message_id, tuple(dict.fromkeys(ancestors + identity)))


def _recipients(email: Email, own: AbstractSet[str]) -> tuple[Address, ...]:
    """Reply-To, or From where that is a list or nobody; never a list, the user, or an address that nobody reads."""
    for candidates in (email.reply_to, (email.sender,) if email.sender else ()):
        found = tuple(one for one in candidates if one.address not in own and _is_person(one.address, email))
        if found:
            return found
    return ()


def _is_person(address: str, email: Email) -> bool:
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or reads_nothing(address) or _LIST_ROLE.search(local):
        return False
    posts = (email.header("list-post"), email.header("x-beenthere"), email.header("mailing-list"))
    if any(address in header.casefold() for header in posts):
        return False
    answered = {one.address for one in email.reply_to}
    addressed = {one.address for one in (*email.to, *email.cc)}
    return not (address in answered and address in addressed and email.sender and address != email.sender.address)


def _asked(email: Email, actions: Sequence[Action]) -> list[str]:
    """Questions and requests in the order of the text, shortened."""
    wanted = {action.sentence for action in actions}
    found = dict.fromkeys(one for one in sentences(email.body) if one in wanted or asks(one) == "question")
    return [one if len(one) <= LONGEST else f"{one[:LONGEST]}…" for one in list(found)[:MOST]]


def _invited(email: Email, dates: Sequence[Mention], phrase: str) -> list[str]:
    words = dates[0].words if dates else ""
    subject = email.subject.strip() or words
    when = f" ({words})" if words and words not in subject else ""
    return [phrase.format(subject=f"{subject[:LONGEST]}{when}")]


def _subject(subject: str) -> str:
    return f"Re: {_PREFIX.sub('', subject.strip(), count=1).strip()}".rstrip()


def _first_name(name: str) -> str:
    """What a person is called; the whole name where it begins with a title, "" where it is no name."""
    name = " ".join(name.split())
    if not name or len(name) > 60 or "@" in name or any(character.isdigit() for character in name):
        return ""
    family, comma, given = name.partition(", ")
    if comma:
        name = f"{given} {family}"
    return name if _TITLE.match(name) else name.split(maxsplit=1)[0]
