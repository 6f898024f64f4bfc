"""A service that has certain mails, of a user whose token is TOKEN, and a stranger who has none.

The stranger's token opens where people sign in (`signs_in`).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.access.api_tokens import ApiTokens
from service.store.tables import User
from tests.service.api.seed import fresh
from tests.service.process import start
from tests.service.store.followed import BEGIN, add_mailbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.boot import Boot


@dataclass(frozen=True, slots=True)
class Served:
    """The service, the ids of its messages by the names of the mails, and the token of the stranger."""

    boot: Boot
    ids: Mapping[str, int]
    stranger: str


@contextmanager
def served(folder: Path, mails: Mapping[str, bytes], **env: str) -> Iterator[Served]:
    """Serve these mails from a database in `folder`; `env` has more variables of the service."""
    with fresh(folder) as (database, owner):
        with database.write() as session:
            other = User(name="stranger", created_at=BEGIN, last_event=0, pruned_event=0)
            session.add(other)
            session.flush()
            other_id = other.id
        _, stranger = ApiTokens(database).make(other_id, "script", writes=True)
        ids = dict(zip(mails, add_mailbox(database, owner).deliver(*mails.values()), strict=True))
    with start(**{"DATA_DIR": str(folder), "WORKER_MODE": "false", "COSTLY_REQUESTS": "1000000", **env}) as process:
        yield Served(process.wait_ready(), ids, stranger)
