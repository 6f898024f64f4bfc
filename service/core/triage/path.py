"""What is odd about the way that the message took."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from service.core.domains import organisation
from service.core.triage.evidence import says
from service.core.triage.received import received_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case, Evidence

_EARLY = timedelta(hours=2)
_LATE = timedelta(days=7)
_ZONE = re.compile(r"[+-](\d{2})\d{2}\b")
_FARTHEST_ZONE = {"+": 14, "-": 12}
_MICROSOFT = ("hotmail", "outlook", "live", "msn", "microsoft")
_PROVIDERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_MICROSOFT, _MICROSOFT),
    "gmail": ("google", "gmail", "googlemail"),
    "googlemail": ("google", "gmail", "googlemail"),
    **{name: (name,) for name in ("yahoo", "aol", "excite", "netscape", "lycos", "gmx")},
}
"""Large mail providers by the first label of their organisation, and the names that their servers have."""


def wrong_clock(case: Case) -> Iterator[Evidence]:
    """A Date that is missing, far from when our side received the message, or in a zone that does not exist."""
    sent, received = case.email.sent, received_at(case.email.headers.get("received", ()))
    zone = _ZONE.search(case.email.header("date")[-40:])
    if zone and int(zone[1]) > _FARTHEST_ZONE[zone.group()[0]]:
        yield from says("its date is in a time zone that does not exist", spam=2.0)
    elif not sent:
        yield from says("it has no date that can be read", spam=1.0)
    elif received and received > sent + _LATE:
        yield from says("its date is more than a week before it was received", spam=1.6)
    elif received and received < sent - _EARLY:
        yield from says("its date lies hours after it was received", spam=1.8)


def server_calls_itself_otherwise(case: Case) -> Iterator[Evidence]:
    """A server that gave the name of one organisation and is known as part of another, or of none."""
    sender = organisation(case.domain)
    for hop in case.hops:
        if not hop.public or not hop.helo or hop.helo in {hop.name, hop.by}:
            continue
        if hop.helo == sender:
            yield from says(f"a server called itself {hop.helo} and is not known as that", spam=1.0)
            return


def server_without_a_name(case: Case) -> Iterator[Evidence]:
    """A server on the Internet whose address has no name handed it over."""
    if any(hop.public and not hop.name for hop in case.hops[:4]):
        yield from says("a server without a name handed it over", spam=0.4)


def provider_did_not_send_it(case: Case) -> Iterator[Evidence]:
    """A large mail provider's address on a message that passed none of its servers; results of SPF say it better."""
    if case.email.header("authentication-results") or case.listed or not case.hops:
        return
    servers = _PROVIDERS.get(organisation(case.domain).partition(".")[0])
    if servers and not any(name in hop.name or name in hop.by for name in servers for hop in case.hops):
        yield from says(f"its sender is at {case.domain}, but no server there sent it", spam=2.5)


def domain_sent_it(case: Case) -> Iterator[Evidence]:
    """A server whose address is known as part of the sender's organisation handed it over."""
    sender = organisation(case.domain)
    if sender and any(hop.public and hop.name == sender for hop in case.hops):
        yield from says(f"a server of {sender} handed it over", spam=-1.5)
