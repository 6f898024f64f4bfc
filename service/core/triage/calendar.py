"""Invitations: calendar parts (RFC 5545, RFC 6047) and the words around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.core.triage.evidence import any_of, quoted, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case, Evidence

_TYPES = frozenset({"text/calendar", "application/ics", "text/x-vcalendar"})
_SUBJECT = any_of(
    "invitation", "invited", "updated invitation", "canceled event", "cancelled event", "accepted", "declined",
    "tentative", "meeting request", "termineinladung", "einladung", "zugesagt", "abgelehnt", "besprechungsanfrage",
    "réunion", "convocation", "invitación", "invito", "uitnodiging", "save the date",
)  # fmt: skip


def calendar_part(case: Case) -> Iterator[Evidence]:
    """A part that calendars read."""
    types = {one.type.casefold() for one in case.email.attachments}
    named = any(one.name.casefold().endswith(".ics") for one in case.email.attachments)
    if types & _TYPES or named or "text/calendar" in case.email.header("content-type").casefold():
        yield from says("it carries a calendar entry", calendar=5.0, spam=-0.8)
    elif "calendarmessage" in case.email.header("content-class").casefold():
        yield from says("it is a calendar message", calendar=4.0)


def invitation(case: Case) -> Iterator[Evidence]:
    """A subject that invites; alone it is weak, since sellers invite too."""
    if found := _SUBJECT.search(case.subject):
        yield from says(f"its subject says {quoted(found.group())}", calendar=1.2)
