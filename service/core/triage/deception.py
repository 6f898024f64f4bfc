"""A message that pretends: another address in the name, answers that go elsewhere, links that lead elsewhere."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from service.core.domains import organisation
from service.core.triage.evidence import READ, quoted, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case, Evidence

_ADDRESS = re.compile(r"[\w.+-]{1,64}@((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})", re.IGNORECASE)
_FREEMAIL = frozenset({
    "gmail.com", "googlemail.com", "yahoo.com", "hotmail.com", "outlook.com", "live.com", "aol.com", "mail.com",
    "gmx.de", "gmx.net", "web.de", "mail.ru", "excite.com", "netscape.net", "lycos.com", "msn.com", "yandex.ru",
    "icloud.com", "proton.me", "protonmail.com",
})  # fmt: skip
_ANCHOR = re.compile(
    r"<a\s[^<>]{0,500}?href=\"https?://([^/\"<>\s:?#@]{1,253})[^\"<>]{0,2000}\"[^<>]{0,500}>", re.IGNORECASE
)
_SHOWN = re.compile(r"\s{0,8}(?:https?://)?((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?![\w@-])", re.IGNORECASE)
_NUMERIC = re.compile(r"https?://(?:\d{1,3}\.){3}\d{1,3}(?=[:/\"\s]|$)|https?://[^/\s\"<>@]{1,200}@", re.IGNORECASE)
_EXECUTABLE = re.compile(r"\.(?:exe|scr|pif|bat|cmd|com|js|jse|vbs|vbe|wsf|lnk|hta|iso|img|msi)$", re.IGNORECASE)


def name_contains_an_address(case: Case) -> Iterator[Evidence]:
    """A display name that shows an address of another organisation."""
    found = _ADDRESS.search(case.email.sender.name[:500]) if case.email.sender else None
    if found and case.domain and organisation(found[1]) != organisation(case.domain):
        yield from says(f"its sender's name shows another address than its own ({case.domain})", spam=2.0)


def answers_go_elsewhere(case: Case) -> Iterator[Evidence]:
    """Reply-To at another organisation; mailing lists do that too, and free mailboxes are the worst."""
    if not case.email.reply_to or not case.domain or case.listed:
        return
    domain = case.email.reply_to[0].address.rpartition("@")[2]
    if not domain or organisation(domain) == organisation(case.domain):
        return
    weight = 1.4 if domain in _FREEMAIL else 0.5
    yield from says(f"answers go to {domain}, and not to {case.domain}", spam=weight)


def links_lead_elsewhere(case: Case) -> Iterator[Evidence]:
    """A link whose text is one host and whose target another."""
    html = case.email.html[: 4 * READ]
    for anchor in _ANCHOR.finditer(html):
        shown = _SHOWN.match(html, anchor.end())
        if shown and organisation(shown[1]) != organisation(unescape(anchor[1])):
            yield from says(f"a link shows {quoted(shown[1])} and leads to {quoted(anchor[1])}", spam=0.3)
            return


def links_hide_their_host(case: Case) -> Iterator[Evidence]:
    """A link to a bare address, or with a user name that looks like a host."""
    if _NUMERIC.search(case.email.html[: 4 * READ]) or _NUMERIC.search(case.text):
        yield from says("a link leads to a bare IP address or hides its host", spam=1.6)


def program_attached(case: Case) -> Iterator[Evidence]:
    """An attachment that would run when it is opened."""
    for attachment in case.email.attachments:
        if _EXECUTABLE.search(attachment.name[-20:]):
            yield from says(f"it carries a program: {quoted(attachment.name)}", spam=2.0)
            return
