"""How long the first sync of a mailbox takes, beside a bare loop over the same one; and how fast it is understood."""

from __future__ import annotations

import time
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.figures import Figure, Target, Unit
from tests.bench.mail.letters import letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.bench.mail.assistant import Event
    from tests.bench.mail.setups import Setup
    from tests.bench.rounds import Rounds
    from tests.service.dovecot_server import DovecotServer

MESSAGES = 3000
TARGET = Target(2.5)
SECONDS, RATE = Unit("s"), Unit("messages/s")
_USER = "first@example.com"
_AT_ONCE = 100  # messages of one FETCH, as the service asks for


class Sample(NamedTuple):
    """One first sync, in seconds; the bare loop understands nothing."""

    stored: float
    """From the beginning of the sync until the mailbox is here as it is there; others are understood meanwhile."""
    understood: float = 0.0
    """From the same beginning until the last message is understood."""
    rate: float = 0.0
    """Messages that were understood each second when all were stored."""


def measure(rounds: Rounds, mail: DovecotServer, setups: Sequence[Setup], messages: int = MESSAGES) -> list[Figure]:
    """The service on each setup, beside the bare loop."""
    mail.append(_USER, *letters(messages))
    return [figure for setup in setups for figure in _compare(rounds, mail, setup, messages)]


def _compare(rounds: Rounds, mail: DovecotServer, setup: Setup, messages: int) -> Iterator[Figure]:
    samples = rounds(
        f"first sync on {setup.name}",
        {"bare": lambda: _bare_loop(mail), "ours": lambda: _first_sync(setup, mail, messages)},
    )
    found, bare = samples["ours"], [sample.stored for sample in samples["bare"]]
    title = f"first sync of {messages:,} messages on {setup.name} ÷ IMAPClient and `email` alone"
    yield Figure(title, SECONDS, [sample.stored for sample in found], bare, TARGET)
    yield Figure("until the last of them is understood", SECONDS, [sample.understood for sample in found])
    yield Figure("understood, once all are stored", RATE, [sample.rate for sample in found])


def _bare_loop(mail: DovecotServer) -> Sample:
    """Fetch and parse each message of the mailbox with IMAPClient and `email`, and keep nothing."""
    began = time.monotonic()
    with mail.client(_USER) as client:
        uids = client.search("ALL")
        for at in range(0, len(uids), _AT_ONCE):
            fetched = client.fetch(uids[at : at + _AT_ONCE], ["FLAGS", "INTERNALDATE", "BODY.PEEK[]"])
            for data in fetched.values():
                message_from_bytes(data[b"BODY[]"], policy=policy.default)
    return Sample(time.monotonic() - began)


def _first_sync(setup: Setup, mail: DovecotServer, messages: int) -> Sample:
    """From an empty database on; the times are those of the log, so that no client takes a share of the processors."""
    with setup.assistant() as assistant:
        assistant.follow(mail, _USER)
        assistant.wait(messages)
        return _sample(assistant.log())


def _sample(log: Sequence[Event]) -> Sample:
    began, stored = (_when(log, state) for state in ("syncing", "well"))
    understood = [event.at for event in log if event.type == "message.understood"]
    later = [at for at in understood if at > stored]
    rate = len(later) / (later[-1] - stored) if later else 0.0
    return Sample(stored - began, understood[-1] - began, rate)


def _when(log: Sequence[Event], state: str) -> float:
    return next(event.at for event in log if event.type == "account.state" and event.data["state"] == state)
