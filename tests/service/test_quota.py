"""A user whose quota is used up, from end to end: nothing stops, and all of it is told in words and in figures."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from tests.probes.proc import eventually
from tests.service.api.client import Api
from tests.service.google.server import GoogleServer
from tests.service.process import metric, start
from tests.service.provider import ANN
from tests.service.store.followed import raw
from tests.service.test_mailboxes import Maildir

if TYPE_CHECKING:
    from pathlib import Path

QUOTA = 100_000
HEADERS = "of new messages only the headers are stored"
WAITS = "new mail waits where it is"
MESSAGE = "/gmail/v1/users/me/messages/"


def is_told(api: Api, number: int, state: str, words: str) -> bool:
    """Whether the mailbox is in that state, and why in these words; the list of mailboxes says what the status does."""
    status: dict[str, Any] = api.get("/status")["accounts"][number]
    [listed] = [one for one in api.get("/accounts")["accounts"] if one["id"] == status["id"]]
    if (listed["state"], listed["error"]) != (status["state"], status["error"]):
        return False  # it has become another one in between
    return status["state"] == state and words in status["error"] and bool(words) is bool(status["error"])


def refusals(api: Api, account: int) -> int:
    """How often a mailbox was told to wait."""
    told = [event for event in api.get("/events?after=0&limit=100")["events"] if event["account_id"] == account]
    return sum(event["type"] == "account.state" and event["data"]["state"] == "failing" for event in told)


def test_a_quota_is_used_up_and_has_room_again(tmp_path: Path) -> None:
    """At first headers are stored, then new mail waits, and without the mailbox that took the room it comes whole."""
    large, small = (Maildir(tmp_path / "maildir" / name) for name in ("large", "small"))
    with (
        start(DATA_DIR=str(tmp_path), STORAGE_QUOTA=str(QUOTA)) as boot,
        Api(boot.wait_ready()) as api,
    ):
        assert (api.get("/status")["stored_bytes"], api.get("/status")["quota_bytes"]) == (0, QUOTA)
        large.deliver(raw(1, text="Much. " * 16_700))
        first = api.post("/accounts", {"name": "Large", **large.account})["id"]
        eventually(lambda: is_told(api, 0, "well", HEADERS))
        large.deliver(raw(2))
        eventually(lambda: len(api.get("/messages")["messages"]) == 2)
        found = api.get(f"/messages/{api.get('/messages')['messages'][0]['id']}")
        assert (found["subject"], found["complete"], found["text"]) == ("Number 2", False, "")
        assert "its owner's quota has no room for it; only its headers are kept" in found["defects"]
        eventually(lambda: is_told(api, 0, "well", HEADERS))
        assert metric(boot, 'airlock_messages_total{outcome="over-quota",source="maildir"}') == 1
        for number in range(10, 30):
            small.deliver(raw(number, Subject="word " * 200))
        second = api.post("/accounts", {"name": "Small", **small.account})["id"]
        eventually(lambda: is_told(api, 1, "failing", WAITS))
        status = api.get("/status")
        assert [one["stored_bytes"] for one in status["accounts"]] == [status["stored_bytes"], 0]
        assert QUOTA < status["stored_bytes"] < QUOTA * 1.1
        assert boot.get("/health").status == 200
        api.send("DELETE", f"/accounts/{first}").raise_for_status()
        api.post(f"/accounts/{second}/sync")
        eventually(lambda: is_told(api, 0, "well", ""))
        listed = api.get("/messages")["messages"]
        assert len(listed) == 20
        assert all(api.get(f"/messages/{one['id']}")["complete"] for one in listed)
        assert api.get("/status")["stored_bytes"] < QUOTA


def test_what_a_quota_has_no_room_for_is_not_fetched_again_and_again(tmp_path: Path) -> None:
    """It is when a sync is asked for, and when another mailbox is deleted; Google is asked for nothing between."""
    folder, number = tmp_path / "maildir" / "large", 20
    people = {"BASE_URL": "http://localhost:8000", "ALLOWED_USERS": ANN}
    large = Maildir(folder)
    large.deliver(raw(1, text="Much. " * 16_700))
    with (
        GoogleServer() as google,
        start(DATA_DIR=str(tmp_path), STORAGE_QUOTA=str(QUOTA), **google.env, **people) as boot,
        Api(boot.wait_ready()) as api,
    ):
        first = api.post("/accounts", {"name": "Large", **large.account})["id"]
        eventually(lambda: is_told(api, 0, "well", HEADERS))
        for one in range(10, 10 + number):
            google.mailbox.deliver(raw(one, Subject="word " * 200))
        given = {"kind": "gmail", "name": "Mine", "address": "me@example.org", "secret": google.grant()}
        second = api.post("/accounts", given)["id"]
        eventually(lambda: is_told(api, 1, "failing", WAITS))
        assert google.count(MESSAGE) == number
        shutil.rmtree(folder)  # so that the other one fails again and again, by the same pauses
        api.post(f"/accounts/{first}/sync")
        eventually(lambda: metric(boot, 'airlock_syncs_total{outcome="failed"}') >= 4)
        assert google.count(MESSAGE) == number
        assert is_told(api, 1, "failing", WAITS)
        api.post(f"/accounts/{second}/sync")
        eventually(lambda: google.count(MESSAGE) == 2 * number and refusals(api, second) == 2)
        api.send("DELETE", f"/accounts/{first}").raise_for_status()
        eventually(lambda: is_told(api, 0, "well", ""))
        assert len(api.get("/messages")["messages"]) == number
        assert google.count(MESSAGE) == 3 * number
