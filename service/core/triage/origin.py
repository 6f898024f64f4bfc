"""How the message was made: headers that honest software writes otherwise (RFC 5322)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.core.domains import organisation
from service.core.triage.evidence import says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case, Evidence

_RANDOM_LOCAL = re.compile(
    r"[a-z]{2,20}\d{2,12}[a-z]{1,4}\d{1,8}$|[a-z]{2,20}\d{3,12}[a-z]{1,3}$|\d{4,12}[a-z]{1,4}\d*$"
)
_MEANINGLESS = re.compile(
    r"(?<!\S)(?=\S{0,40}\d[a-z])(?=(?:\S{0,40}?\d){3})\S{6,60}$|(?<!\w)[b-df-hj-np-tv-xz]{4,20}$", re.IGNORECASE
)
_GAP = re.compile(r"\S {5,}\S")
# Outlook makes a Message-ID of a counter, a time (its third byte is 01 for any date from 1829 to 2054) and two more.
_OUTLOOK_LIKE = re.compile(r"[0-9a-f]{12}\$[0-9a-f]{8}\$[0-9a-f]{8}@")
_OUTLOOK = re.compile(r"[0-9a-f]{4}01[0-9a-f]{6}\$")
_NO_NAME = re.compile(r"(?=[^a-z]{0,30}[a-z])(?=[^A-Z]{0,30}[A-Z])[A-Za-z0-9]{12,40}$")
_CROWD = 10
"""Recipients from which strangers make a crowd."""


def message_id(case: Case) -> Iterator[Evidence]:
    """A Message-ID that is missing or cannot be what it looks like."""
    identity = case.email.message_id.casefold()
    if not identity:
        yield from says("it has no Message-ID", spam=1.2)
    elif "@" not in identity:
        yield from says("its Message-ID names no host", spam=0.8)
    elif _OUTLOOK_LIKE.match(identity) and not _OUTLOOK.match(identity):
        yield from says("its Message-ID imitates Outlook's", spam=3.0)


def identity_added_here(case: Case) -> Iterator[Evidence]:
    """A Message-ID that the receiving side had to add: the sender's software wrote none."""
    host = organisation(case.email.message_id.rpartition("@")[2])
    written_at = {organisation(one.address.rpartition("@")[2]) for one in case.email.reply_to}
    if not host or case.mine or host in {organisation(case.domain), *written_at}:
        return
    if any(hop.by == host and hop.helo != host and hop.name != host for hop in case.hops):
        yield from says("its sender wrote no Message-ID, so a server on its way added one", spam=1.5)


def random_sender(case: Case) -> Iterator[Evidence]:
    """A mailbox name that looks drawn by lot."""
    if _RANDOM_LOCAL.match(case.sender.rpartition("@")[0][:64]):
        yield from says("its sender's address looks made up by a machine", spam=2.5)


def no_sender(case: Case) -> Iterator[Evidence]:
    """No address in From, or one without a domain."""
    if "." not in case.domain:
        yield from says("it has no usable sender", spam=1.2)


def from_the_recipient(case: Case) -> Iterator[Evidence]:
    """From is a recipient, and it is not the user who wrote; lists do that too."""
    if case.sender and not case.mine and not case.listed and case.sender in {one.address for one in case.email.to}:
        yield from says("it names its recipient as its sender", spam=0.8)


def meaningless_subject(case: Case) -> Iterator[Evidence]:
    """A gap in the subject, or an end that means nothing: they make each copy different."""
    if _GAP.search(case.email.header("subject")[:500]):
        yield from says("its subject has a long gap", spam=2.0)
    elif _MEANINGLESS.search(case.email.subject[-60:]):
        yield from says("its subject ends in characters that mean nothing", spam=2.0)


def answer_to_nothing(case: Case) -> Iterator[Evidence]:
    """A subject that begins with Re: where no message is answered."""
    answers = case.email.in_reply_to or case.email.references
    if case.subject.startswith("re:") and not answers and not case.listed:
        yield from says("its subject answers, but it answers no message", spam=1.2)


def crowd(case: Case) -> Iterator[Evidence]:
    """Nobody in To, or many people at several places."""
    if case.mine or case.listed:
        return
    to = {one.address for one in (*case.email.to, *case.email.cc)}
    if not to or "undisclosed" in case.email.header("to").casefold():
        yield from says("it does not name whom it is for", spam=0.9, newsletter=0.2)
    elif len(to) >= _CROWD and not case.context.exchanged:
        yield from says(f"a stranger sent it to {len(to)} people", spam=1.8)
    elif len(to) > 3 and len({address[:2] for address in to}) == 1:
        yield from says("it is for people whose addresses follow in the alphabet", spam=1.6)


def raw_characters(case: Case) -> Iterator[Evidence]:
    """Characters that no header may have unencoded: what could not be decoded is U+FFFD."""
    name = case.email.sender.name if case.email.sender else ""
    if "\ufffd" in case.email.subject or "\ufffd" in name:
        yield from says("its headers have characters that belong to no encoding", spam=1.8)


def mailer_without_a_name(case: Case) -> Iterator[Evidence]:
    """A mailer that calls itself by random letters."""
    if _NO_NAME.match(case.email.header("x-mailer")):
        yield from says("the program that sent it has a name that means nothing", spam=1.8)
