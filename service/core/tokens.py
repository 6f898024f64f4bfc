"""What a message consists of for learning: at most `MOST` tokens, the most characteristic first.

A token is `KIND:VALUE` or a bare word of the text; the store keeps them as they are, `describe` says them to a person.
"""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from service.core.domains import organisation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.email import Email

MOST = 400
READ = 20_000
"""Characters of the text and of the HTML that are looked at."""
LONGEST = 40
"""Characters of one value; a longer one is cut."""

_WORD = re.compile(r"[^\W_][\w'’$%-]{2,29}")
# Scripts that put no spaces between words: two characters stand in for a word.
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
_LINK = re.compile(r"https?://([^\s/\"'<>?#:]{3,80})", re.IGNORECASE)
_HOST = re.compile(r"(?<![\w.@-])(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w.-])")
_TAG = re.compile(r"<([a-z][a-z0-9]{0,9})\b", re.IGNORECASE)
_TELLING_HEADERS = (
    "x-mailer", "user-agent", "precedence", "content-type", "x-priority", "auto-submitted", "content-transfer-encoding"
)  # fmt: skip
_SAID = {
    "from": "the sender {}",
    "domain": "a sender at {}",
    "list": "the list {}",
    "to": "the recipient {}",
    "path": "a way through {}",
    "id": "a Message-ID of {}",
    "subject": "“{}” in the subject",
    "header": "a {} header",
    "link": "a link to {}",
    "tag": "<{}> in the HTML",
    "attachment": "an attachment of type {}",
    "form": "{}",
}


def tokens(email: Email) -> frozenset[str]:
    """The tokens of a message, at most `MOST`, by presence alone: how often one occurs does not matter."""
    return frozenset(islice(dict.fromkeys(_all(email)), MOST))


def describe(token: str) -> str:
    """A token in words, such as “unsubscribe” or a link to example.org."""
    kind, colon, value = token.partition(":")
    if colon and kind in _SAID:
        return _SAID[kind].format(value)
    if colon and kind in _TELLING_HEADERS:
        return f"{kind} {value}"
    return f"“{token}”"


def clarity(token: str) -> int:
    """How well a token explains something to a person: 0 is best. It decides among tokens that tell as much."""
    if token.startswith(("from:", "list:", "subject:", "domain:")):
        return 0
    return 2 if ":" in token or len(token) < 5 else 1


def _all(email: Email) -> Iterator[str]:
    yield from _headers(email)
    yield from _form(email)
    subject = list(_words(email.subject[:1000]))
    for word in subject:
        yield f"subject:{word}"
    for one, other in pairwise(subject):
        yield f"subject:{one} {other}"
    links = _LINK.findall(email.html[:READ]) + _LINK.findall(email.text[:READ])
    for host in islice(dict.fromkeys(links), 20):
        yield f"link:{host.casefold()[:LONGEST]}"
    yield from islice(dict.fromkeys(f"tag:{tag.casefold()}" for tag in _TAG.findall(email.html[:READ])), 20)
    yield from _words(email.text[:READ])


def _headers(email: Email) -> Iterator[str]:
    if email.sender:
        yield f"from:{email.sender.address[:LONGEST]}"
        yield f"domain:{email.sender.address.rpartition('@')[2][:LONGEST]}"
    if identity := email.header("list-id"):
        yield f"list:{identity.rpartition('<')[2].strip('<> ').casefold()[:LONGEST]}"
    for name in _TELLING_HEADERS:
        if value := email.header(name).partition(";")[0].strip().casefold():
            yield f"{name}:{value[:LONGEST]}"
    for recipient in (*email.to, *email.cc)[:5]:
        yield f"to:{recipient.address[:LONGEST]}"
        yield f"to:{recipient.address.rpartition('@')[2][:LONGEST]}"
    for value in email.headers.get("received", ())[:8]:
        for host in _HOST.findall(value[:300].casefold())[:4]:
            yield f"path:{organisation(host)[:LONGEST]}"
    yield f"id:{organisation(email.message_id.rpartition('@')[2])[:LONGEST]}"
    for name in islice(email.headers, 60):
        yield f"header:{name[:LONGEST]}"
    for attachment in email.attachments[:10]:
        yield f"attachment:{attachment.type.casefold()[:LONGEST]}"


def _form(email: Email) -> Iterator[str]:
    if not email.to:
        yield "form:no visible recipient"
    if email.html:
        yield "form:an HTML part"
    if email.in_reply_to or email.references:
        yield "form:a reference to an earlier message"
    if email.subject.isupper():
        yield "form:a subject in capitals"
    for character, name in (("!", "an exclamation mark"), ("?", "a question mark"), ("$", "a dollar sign")):
        if character in email.subject:
            yield f"form:{name} in the subject"


def _words(text: str) -> Iterator[str]:
    folded = text.casefold()
    for match in _WORD.finditer(folded):
        word = match.group()
        unspaced = _UNSPACED.search(word)
        if unspaced:
            yield from ("".join(pair) for pair in pairwise(word))
        else:
            yield word
