"""API tokens: each user has so many, however many are made at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from service.access import api_tokens
from service.access.api_tokens import ApiTokens, TooMany
from service.store.database import one_at_a_time
from tests.service.store.followed import make_mailbox
from tests.service.store.locks import on_postgresql, waiting
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from service.store.database import Database


def test_tokens_are_so_many(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is none, until another one is revoked; somebody else has as many."""
    monkeypatch.setattr(api_tokens, "MOST", 2)
    tokens = ApiTokens(database)
    ann, bob = (make_mailbox(database, name).user_id for name in ("ann", "bob"))
    first, *_ = (tokens.make(ann, "script", writes=False)[0] for _ in range(2))
    with pytest.raises(TooMany):
        tokens.make(ann, "script", writes=False)
    tokens.make(bob, "script", writes=False)
    tokens.revoke(ann, first.id)
    tokens.make(ann, "script", writes=False)
    assert len(tokens.of(ann)) == 2


@on_postgresql
def test_tokens_that_are_made_at_once_are_all_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for the first, and is one too many."""
    monkeypatch.setattr(api_tokens, "MOST", 1)
    tokens = ApiTokens(database)
    ann = make_mailbox(database).user_id
    with ThreadPoolExecutor(2) as threads:
        with database.write() as session:
            one_at_a_time(session, ann)
            made = [threads.submit(tokens.make, ann, "script", writes=False) for _ in range(2)]
            wait_until(lambda: waiting(database) == 2)
        refused = [type(one.exception()) for one in made]
    assert refused.count(TooMany) == refused.count(type(None)) == 1
    assert len(tokens.of(ann)) == 1
