"""Limits: who is wrong too often, and who asks for too much."""

from __future__ import annotations

import pytest

from service.access.limiter import Limiter
from service.access.limits import COSTS, Costly, Limited, WrongTokens
from service.api import OPERATIONS
from service.commands import COMMANDS

HERE, THERE = "203.0.113.9", "198.51.100.7"


def wrong(tokens: WrongTokens, network: str, digest: str = "wrong") -> None:
    """Send a token that opens nothing."""
    tokens.admit(network, digest)
    tokens.note(network, digest, opens=False)


def exhausted(network: str = HERE) -> WrongTokens:
    """After as many wrong tokens from there as there may be."""
    tokens = WrongTokens()
    for number in range(100):
        wrong(tokens, network, f"wrong {number}")
    with pytest.raises(Limited, match=r"your address: wait [12] seconds?, and send it again"):
        tokens.admit(network, "one more")
    return tokens


def test_wrong_tokens_shut_their_own_address_out() -> None:
    """And no other one: a right token from there is looked at."""
    tokens = exhausted(HERE)
    with pytest.raises(Limited):
        tokens.admit(HERE, "right")
    tokens.admit(THERE, "right")


def test_a_token_that_has_opened_is_not_shut_out() -> None:
    """Though an attacker is behind the same proxy; once it opens nothing any more it is as every wrong one."""
    tokens = exhausted(HERE)
    tokens.note(HERE, "right", opens=True)
    tokens.admit(HERE, "right")
    tokens.note(HERE, "right", opens=False)
    with pytest.raises(Limited):
        tokens.admit(HERE, "right")


def test_the_memory_of_wrong_tokens_does_not_grow() -> None:
    """Neither with the addresses of attackers nor with the tokens that open."""
    tokens = WrongTokens()
    for number in range(30_000):
        network = f"2001:db8:{number:x}::/64"
        wrong(tokens, network)
        tokens.note(network, f"right {number}", opens=True)
    assert len(tokens._wrong) == len(tokens._known) == 10_000


def test_a_user_has_a_budget_for_what_is_costly() -> None:
    """Of one user on whatever address; others have their own."""
    costly = Costly(20)
    costly.admit("export.json", {}, 1, HERE)
    for name in COSTS:
        with pytest.raises(Limited, match=rf"{name} was asked for too often \(COSTLY_REQUESTS is 20 a minute\)"):
            costly.admit(name, {"q": "word"}, 1, THERE)
    costly.admit("messages.list", {"account": "1"}, 1, HERE)
    costly.admit("accounts.list", {}, 1, HERE)
    costly.admit("export.json", {}, 2, HERE)


def test_an_address_has_a_budget_too() -> None:
    """So that many users of one attacker are no more than four."""
    costly = Costly(20)
    for user_id in range(1, 5):
        costly.admit("export.mbox", {}, user_id, HERE)
    with pytest.raises(Limited):
        costly.admit("export.mbox", {}, 5, HERE)
    costly.admit("export.mbox", {}, 6, THERE)


def test_what_is_costly_is_there() -> None:
    """Each name is that of an operation or a command, and each is affordable with the smallest budget."""
    assert COSTS.keys() <= {operation.id for operation in OPERATIONS} | COMMANDS.keys()
    assert max(COSTS.values()) <= 20


def test_an_attempt_may_count_as_several() -> None:
    """A larger one waits until all of it is there; looking costs nothing."""
    now = 0.0
    limiter = Limiter(burst=10, every=1.0, clock=lambda: now)
    assert limiter.wait("key", 8) == 0
    assert limiter.wait("key", 5) == 3.0
    assert limiter.peek("key") == 0
    now = 3.0
    assert limiter.wait("key", 5) == 0
    assert limiter.peek("key") == 1.0
