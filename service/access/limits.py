"""Limits: how often a client may be wrong, and how much of what is costly a user may ask for.

Each process counts for itself. Clients are told apart by `forwarded.network_of`, which no header of theirs changes.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from service.access.limiter import Limiter

if TYPE_CHECKING:
    from collections.abc import Mapping

COSTS: Mapping[str, int] = {
    "messages.list": 1,  # with `q`: a search
    "messages.html": 1,  # this and the next read the whole mail anew
    "attachments.get": 1,
    "accounts.sync": 2,
    "accounts.create": 2,  # this and the next two sync a mailbox at once
    "accounts.update": 2,
    "accounts.resume": 2,
    "control.resume-all": 10,  # a sync of every mailbox
    "rules.dry-run": 2,
    "rules.apply": 10,
    "export.mbox": 20,
    "export.json": 20,
}
"""What each costly operation or command counts."""
_PEOPLE = 4
"""How many users may be at it from one address."""
_KNOWN = 10_000  # tokens that opened


class Limited(Exception):
    """Something was asked for too often; the sentence says what, and when to ask again."""

    def __init__(self, what: str, wait: float) -> None:
        self.seconds = math.floor(wait) + 1
        self.detail = f"{what}: wait {self.seconds} second{'s' if self.seconds > 1 else ''}, and send it again"
        super().__init__(self.detail)


class WrongTokens:
    """Who sends wrong tokens, by client address; threads may share it.

    A token that has opened is never refused for others' wrong ones, though they come from the same address.
    """

    def __init__(self) -> None:
        self._wrong = Limiter(burst=100, every=1.0)
        self._known: OrderedDict[str, None] = OrderedDict()

    def admit(self, network: str, digest: str) -> None:
        """Raises `Limited` when too many that came from there were wrong; then this one is not looked at."""
        if digest not in self._known and (wait := self._wrong.peek(network)):
            raise Limited("too many wrong tokens have come from your address", wait)

    def note(self, network: str, digest: str, *, opens: bool) -> None:
        """Say whether a token that was admitted opens anything."""
        if not opens:
            self._known.pop(digest, None)
            self._wrong.wait(network)
        elif digest not in self._known:
            self._known[digest] = None
            if len(self._known) > _KNOWN:
                self._known.popitem(last=False)


class Costly:
    """What is costly, by user and by client address: `budget` in a minute, of which each has its cost in `COSTS`."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._by_user = Limiter(budget, 60 / budget)
        self._by_address = Limiter(_PEOPLE * budget, 60 / budget / _PEOPLE)

    def admit(self, name: str, given: Mapping[str, Any], user_id: int, network: str) -> None:
        """Count an operation or a command, with what it was given. Raises `Limited`."""
        cost = COSTS.get(name, 0)
        if name == "messages.list" and "q" not in given:
            cost = 0
        if not cost:
            return
        for limiter, key in ((self._by_user, str(user_id)), (self._by_address, network)):
            if wait := limiter.wait(key, cost):
                raise Limited(f"{name} was asked for too often (COSTLY_REQUESTS is {self._budget} a minute)", wait)
