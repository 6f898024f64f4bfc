"""Which messages belong together: by the Message-IDs that they name, and as the last resort by their subject."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from service.core.email import Email

Thread = TypeVar("Thread")

WINDOW = timedelta(days=30)
"""How far apart a reply and what it answers may be for the subject to count."""

_REPLY = r"(?:re|r|aw|antw|antwort|sv|vs|ynt|odp|ref|rif|res|رد|回复|回覆|答复|返信|답장|отв|відп)"
_FORWARD = r"(?:fwd?|wg|wtr|tr|rv|enc|doorst|vb|i|pd|vl|转发|轉寄|転送|пересл)"
_COUNT = r"(?:\s?[\[(*^]\s?\d{1,4}\s?[\])]?)?"  # Re[2]:, Re(3):, Re^2:
_TAG = r"\[[^\[\]\d]{1,60}\]"  # a list's name; one with a number is the name of a ticket
_PREFIXES = re.compile(rf"\s*+(?:(?:(?:{_REPLY}|{_FORWARD}){_COUNT}\s?[:：]|{_TAG})\s*+)*+", re.IGNORECASE)
_REPLIES = re.compile(rf"\s*+(?:{_TAG}\s*+)*+{_REPLY}{_COUNT}\s?[:：]", re.IGNORECASE)
_LONGEST = 500  # characters of a subject that count
_GENERIC = frozenset({
    "", "hi", "hello", "hey", "test", "question", "info", "information", "update", "help", "thanks", "thank you",
    "invoice", "meeting", "no subject", "none", "urgent", "hallo", "frage", "anfrage", "danke", "rechnung", "termin",
    "kein betreff", "bonjour", "merci", "facture", "sans objet", "aucun objet", "hola", "gracias", "factura",
    "sin asunto", "ciao", "grazie", "fattura", "nessun oggetto",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Earlier(Generic[Thread]):
    """A message that is there already and has the same subject key."""

    thread: Thread
    sent: datetime
    participants: frozenset[str]


def ancestors(email: Email) -> tuple[str, ...]:
    """The Message-IDs of what it answers, the oldest first, each once (RFC 5322, 3.6.4)."""
    named = dict.fromkeys((*email.references, *email.in_reply_to))
    if email.in_reply_to and email.in_reply_to[0] in email.references:  # some programs do not put the parent last
        del named[email.in_reply_to[0]]
        named[email.in_reply_to[0]] = None
    named.pop(email.message_id, None)
    return tuple(named)


def thread_ids(email: Email) -> tuple[str, ...]:
    """The Message-IDs by which its thread may be known already, the best first.

    Its own comes first, since an answer may have arrived before it. A store keeps all of them for the thread.
    """
    own = (email.message_id,) if email.message_id else ()
    return (*own, *reversed(ancestors(email)))


def subject_key(subject: str) -> str:
    """The subject without prefixes (Re:, Fwd:, AW:, [list] …), blanks and case; "" where it is too common to go by."""
    shown = subject[:_LONGEST]
    prefixes = _PREFIXES.match(shown)
    key = " ".join(shown[prefixes.end() if prefixes else 0 :].split()).casefold()
    key = key.removesuffix("(fwd)").rstrip()
    return "" if key.strip(" .,:;!?()<>-") in _GENERIC else key


def is_reply(email: Email) -> bool:
    """Whether it answers something: it names an ancestor, or its subject begins as that of a reply."""
    return bool(email.references or email.in_reply_to or _REPLIES.match(email.subject[:_LONGEST]))


def participants(email: Email) -> frozenset[str]:
    """The addresses of those who wrote it and got it."""
    sender = (email.sender,) if email.sender else ()
    return frozenset(mailbox.address for mailbox in (*sender, *email.reply_to, *email.to, *email.cc))


def fallback_key(email: Email) -> str:
    """The subject key by which to look for earlier messages where none of the Message-IDs is known; "" for none."""
    return subject_key(email.subject) if is_reply(email) and email.sent and email.sender else ""


def thread_of(email: Email, known: Mapping[str, Thread], earlier: Iterable[Earlier[Thread]] = ()) -> Thread | None:
    """The thread that it belongs to, None for a new one.

    `known` has the threads of those of its `thread_ids` that are known. `earlier` are messages with its
    `fallback_key`: the latest of them counts that was sent in the 30 days before it, of which its sender is a
    participant, and where the participants of one of the two are all participants of the other.
    """
    for message_id in thread_ids(email):
        if message_id in known:
            return known[message_id]
    sent, sender = email.sent, email.sender
    if not fallback_key(email) or sent is None or sender is None:
        return None
    people = participants(email)
    fitting = [
        message
        for message in earlier
        if timedelta(0) <= sent - message.sent <= WINDOW
        and sender.address in message.participants
        and (people <= message.participants or message.participants <= people)
    ]
    return max(fitting, key=lambda message: message.sent).thread if fitting else None
