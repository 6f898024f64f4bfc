"""The other resources over HTTP, each answer held against the description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.service.api.client import Api

TOML = """
[[rule]]
name = "Shop"
when = { from = "*@example.net" }
then = { label = "shop", hide = true }
"""


def first(api: Api, **query: Any) -> int:
    """The id of the first message of a list."""
    id_: int = api.get("/messages", **query)["messages"][0]["id"]
    return id_


def test_accounts_are_listed_and_shown(api: Api) -> None:
    """The oldest first, without any secret."""
    accounts = api.get("/accounts")["accounts"]
    assert [account["name"] for account in accounts] == ["Work", "Home"]
    assert api.get(f"/accounts/{accounts[0]['id']}") == accounts[0]
    assert "there is no account 4711" in api.refused(404, "GET", "/accounts/4711")["detail"]


def test_an_account_is_paused_and_resumed(api: Api) -> None:
    """All of them too; sync now is refused meanwhile."""
    assert api.post("/accounts/1/pause")["paused"] is True
    assert "paused" in api.refused(409, "POST", "/accounts/1/sync")["detail"]
    assert api.post("/accounts/1/resume")["paused"] is False
    assert api.post("/accounts/1/sync")["sync_requested_at"]
    assert [account["paused"] for account in api.post("/pause")["accounts"]] == [True, True]
    assert [account["paused"] for account in api.post("/resume")["accounts"]] == [False, False]


@pytest.mark.parametrize("key", ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e"])
def test_a_command_with_a_key_is_done_once(api: Api, key: str) -> None:
    """Idempotency-Key is a string in quotes; those who leave them out are understood."""
    header = {"Idempotency-Key": key}
    one = api.send("PATCH", "/accounts/2", json={"name": f"Home {key}"}, headers=header)
    api.send("PATCH", "/accounts/2", json={"name": "Home"})
    again = api.send("PATCH", "/accounts/2", json={"name": f"Home {key}"}, headers=header)
    assert one.json() == again.json()
    assert api.get("/accounts/2")["name"] == "Home"
    problem = api.refused(422, "PATCH", "/accounts/2", json={"name": "Other"}, headers=header)
    assert "use a new key for each command" in problem["detail"]
    assert "printable" in api.refused(400, "POST", "/pause", headers={"Idempotency-Key": '""'})["detail"]


def test_a_correction_is_made_listed_and_taken_back(api: Api) -> None:
    """It is shown with the message."""
    id_ = first(api, category="needs-reply")
    made = api.send("PUT", f"/messages/{id_}/correction", json={"category": "calendar"}).json()
    assert api.get("/corrections")["corrections"] == [made]
    message = api.get(f"/messages/{id_}")
    assert (message["analysis"]["category"], message["analysis"]["triaged"]) == ("calendar", "needs-reply")
    assert message["correction"] == made
    assert api.send("DELETE", f"/messages/{id_}/correction").status_code == 200
    assert api.get(f"/messages/{id_}")["correction"] is None
    problem = api.refused(422, "PUT", f"/messages/{id_}/correction", json={"category": "love"})
    assert "needs-reply" in problem["errors"][0]["accepted"]


def test_drafts_are_listed_edited_and_discarded(api: Api) -> None:
    """A draft is shown with its message."""
    [draft] = api.get("/drafts", state="proposed")["drafts"]
    assert api.get(f"/messages/{draft['message_id']}")["draft"] == draft
    edited = api.send("PATCH", f"/drafts/{draft['id']}", json={"text": "Gladly."}).json()
    assert api.get(f"/drafts/{draft['id']}") == edited
    assert api.post(f"/drafts/{draft['id']}/discard")["state"] == "discarded"
    assert api.get("/drafts", state="proposed")["drafts"] == []
    assert "no draft" in api.refused(404, "GET", "/drafts/4711")["detail"]


def test_rules_are_read_as_toml_and_as_json(api: Api) -> None:
    """Both say the same; what is wrong is told, and nothing of it is stored."""
    toml = {"content": TOML, "headers": {"Content-Type": "application/toml"}}
    put = api.send("PUT", "/rules", **toml).json()
    assert api.get("/rules") == put
    definitions = [rule["definition"] for rule in put["rules"]]
    assert api.send("PUT", "/rules", json={"rule": definitions}).json()["rules"][0]["id"] == put["rules"][0]["id"]
    late = api.refused(409, "PUT", "/rules", json={"rule": definitions, "revision": "another"})
    assert "have been changed since" in late["detail"]
    tried = api.send("POST", "/rules/dry-run", **toml).json()
    assert [one["subject"] for one in tried["messages"]] == ["Your receipt"]
    assert api.send("POST", "/rules/apply").status_code == 202
    assert api.get("/rules/applications") == {"applications": [], "next": None}
    broken = {"content": "[[rule]", "headers": {"Content-Type": "application/toml"}}
    assert "the body is no application/toml" in api.refused(400, "PUT", "/rules", **broken)["detail"]
    dated = {"content": "rule = [{name = 2026-01-01}]", "headers": {"Content-Type": "application/toml"}}
    api.refused(422, "PUT", "/rules", **dated)
    rule = put["rules"][0]["id"]
    assert api.send("PUT", "/rules/order", json={"ids": [rule]}).json()["rules"][0]["id"] == rule
    assert api.send("PATCH", f"/rules/{rule}", json={"enabled": False}).json()["rules"][0]["enabled"] is False
    assert api.send("DELETE", f"/rules/{rule}").json()["rules"] == []


def test_events_are_read_from_the_log(api: Api) -> None:
    """In portions, from the beginning or after an id; an id of another log begins anew."""
    log = api.get("/events")
    assert [event["id"] for event in log["events"]] == list(range(1, log["last_id"] + 1))
    assert log["events"][0]["type"] == "message.new"
    assert [event["id"] for event in api.get("/events", after=2, limit=1)["events"]] == [3]
    assert api.get("/events", after=log["last_id"])["events"] == []
    reset = api.get("/events", after=10_000)
    assert (reset["events"], reset["reset"], reset["last_id"]) == ([], True, log["last_id"])


def test_the_status_says_how_everything_is(api: Api) -> None:
    """Each mailbox, what waits, what failed, and the schema."""
    status = api.get("/status")
    assert status["schema_revision"]
    assert [account["name"] for account in status["accounts"]] == ["Work", "Home"]
    home = status["accounts"][1]
    assert (home["state"], home["lag"], home["needs_reauth"], home["dead_letters"]) == ("new", None, False, 1)
    assert (status["waiting"], status["dead_letters"], home["waiting"], home["oldest_waiting"]) == (0, 1, 0, 0)


def test_a_dead_letter_is_tried_again(api: Api) -> None:
    """Afterwards its message waits."""
    [letter] = api.get("/dead-letters")["dead_letters"]
    assert letter["error"] == "OSError"
    api.post(f"/dead-letters/{letter['id']}/retry")
    assert api.get("/dead-letters")["dead_letters"] == []
    assert api.get("/status")["waiting"] == 1
    assert "no dead letter" in api.refused(404, "POST", f"/dead-letters/{letter['id']}/retry")["detail"]


def test_the_audit_says_who_did_what(api: Api) -> None:
    """The latest first; it names things by their ids."""
    api.post("/accounts/1/pause")
    api.post("/accounts/1/resume")
    page = api.get("/audit", limit=2)
    assert [entry["action"] for entry in page["entries"]] == ["accounts.resume", "accounts.pause"]
    assert page["entries"][0]["actor"] == "http"
    assert page["entries"][0]["detail"] == {"account_id": 1}
    assert api.get("/audit", cursor=page["next"])["entries"][0]["id"] == page["entries"][1]["id"] - 1


def test_everything_is_exported(api: Api) -> None:
    """As files, mail as it came and all the rest as JSON lines."""
    mbox = api.send("GET", "/export/mbox")
    assert mbox.headers["content-type"] == "application/mbox"
    assert mbox.content.count(b"\nSubject: ") == 5
    lines = api.send("GET", "/export/json")
    assert lines.headers["content-disposition"] == 'attachment; filename="airlock.jsonl"'
    assert len(lines.text.splitlines()) == 7
