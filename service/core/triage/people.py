"""Who wrote to whom: the user, known correspondents, and the user's place among the recipients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.core.triage.evidence import says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case, Evidence

FEW = 3
"""Recipients up to which a message counts as addressed to each of them."""


def sent_by_the_user(case: Case) -> Iterator[Evidence]:
    """The user's own message: it awaits an answer, or it is only kept."""
    if case.mine:
        yield from says(
            "you sent it", awaiting_reply=6.0, fyi=2.5, needs_reply=-6.0, spam=-6.0, newsletter=-3.0, marketing=-3.0
        )


def known_correspondent(case: Case) -> Iterator[Evidence]:
    """The user wrote to the sender before, or the sender to the user."""
    if case.mine:
        return
    known = case.context.exchanged
    if known:
        words = "you wrote to its sender before" if known == 1 else f"you wrote to its sender {known} times before"
        yield from says(words, needs_reply=1.0, fyi=0.8, spam=-3.5, marketing=-1.5, newsletter=-1.0)
    elif case.context.received >= FEW:
        yield from says(f"{case.context.received} messages of its sender came before", spam=-0.8)


def answer_to_the_user(case: Case) -> Iterator[Evidence]:
    """In-Reply-To names a message of the user's."""
    if case.context.answers_me and not case.mine:
        yield from says(
            "it answers a message of yours", needs_reply=1.2, fyi=0.8, spam=-4.0, marketing=-2.0, newsletter=-2.0
        )


def thread(case: Case) -> Iterator[Evidence]:
    """It goes on with a conversation, as mass mail seldom does."""
    if (case.email.in_reply_to or case.email.references) and not case.context.answers_me and not case.mine:
        yield from says(
            "it goes on with a conversation", fyi=0.8, needs_reply=0.4, spam=-1.5, newsletter=-0.8, marketing=-0.8
        )


def place_among_the_recipients(case: Case) -> Iterator[Evidence]:
    """To the user alone, to a few, a copy, or none of it."""
    own = case.context.own_addresses
    if not own or case.mine:
        return
    to = {one.address for one in case.email.to}
    cc = {one.address for one in case.email.cc}
    if to & own:
        if len(to) + len(cc) == 1:
            yield from says("it is addressed to you alone", needs_reply=0.6)
        elif len(to) > 10:
            yield from says(f"it is addressed to {len(to)} people", fyi=0.6, needs_reply=-0.6)
        elif len(to) > FEW:
            yield from says(f"it is addressed to {len(to)} people", fyi=0.3)
    elif cc & own:
        yield from says("you only get a copy", fyi=1.2, needs_reply=-1.0)
    elif case.email.header("list-id") or case.email.header("mailing-list"):
        return
    else:
        yield from says(
            "it is not addressed to you", newsletter=0.3, marketing=0.3, spam=0.7, needs_reply=-0.8, fyi=0.2
        )
