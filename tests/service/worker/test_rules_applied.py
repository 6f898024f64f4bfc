"""Rules in the running service: tried, applied to what is stored, told and audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.service.running import Running
from tests.service.store.followed import raw
from tests.service.test_mailboxes import Maildir

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.url import DatabaseUrl


def rule(label: str) -> dict[str, Any]:
    """What is wanted done with bills."""
    return {"name": "Bills", "when": {"subject": "invoice*"}, "then": {"label": [label], "pin": True}}


def shown(service: Running) -> list[Any]:
    """All that the API shows of messages, of what rules did to them, and the log."""
    messages = [service.api.get(f"/messages/{one['id']}") for one in service.api.get("/messages")["messages"]]
    return [messages, service.api.get("/rules/applications"), service.api.get("/events", limit=100)]


def test_rules_are_tried_and_then_applied_to_stored_mail(database_url: DatabaseUrl, tmp_path: Path) -> None:
    """Trying changes nothing; applying is told as events and noted once for each message, however often it is done."""
    maildir = Maildir(tmp_path / "Mail")
    with Running(tmp_path, DATABASE_URL=database_url.get_secret_value()) as service:
        service.follow(maildir)
        ids = {}
        for number, subject in enumerate(("Invoice of May", "Lunch", "Invoice of June"), 1):
            maildir.deliver(raw(number, Subject=subject))
            [ids[subject]] = service.understands(1)
        bills = [ids["Invoice of May"], ids["Invoice of June"]]
        before = shown(service)
        tried = service.api.post("/rules/dry-run", {"rule": [rule("bills")]})
        assert {one["message_id"] for one in tried["messages"]} == set(bills)
        assert all(one["applied"][0]["because"] for one in tried["messages"])
        assert shown(service) == before
        for label in ("bills", "money"):
            service.api.send("PUT", "/rules", json={"rule": [rule(label)]}).raise_for_status()
            for _ in range(2):
                assert service.api.post("/rules/apply") == {"rules": 1}
            for message in bills:
                told = service.hears("message.ruled")
                assert (told["message_id"], told["labels"], told["pinned"]) == (message, [label], True)
                assert service.analysis(message)["labels"] == [label]
        assert service.analysis(ids["Lunch"])["labels"] == []
        noted = service.api.get("/rules/applications")["applications"]
        expected = [(id_, [f"label {label}", "pin"]) for label in ("money", "bills") for id_ in reversed(bills)]
        assert [(one["message_id"], one["actions"]) for one in noted] == expected
        assert all(one["rule"] == "Bills" and one["because"] for one in noted)
        assert service.audit == [*["rules.apply", "rules.apply", "rules.put"] * 2, "accounts.create"]


def test_rules_that_are_there_are_applied_to_what_arrives(database_url: DatabaseUrl, tmp_path: Path) -> None:
    """The first thing that is told of it is what the rules say."""
    maildir = Maildir(tmp_path / "Mail")
    with Running(tmp_path, DATABASE_URL=database_url.get_secret_value()) as service:
        service.follow(maildir)
        service.api.send("PUT", "/rules", json={"rule": [rule("bills")]}).raise_for_status()
        maildir.deliver(raw(1, Subject="Invoice of July"))
        told = service.hears("message.understood")
        assert (told["labels"], told["pinned"]) == (["bills"], True)
        [noted] = service.api.get("/rules/applications", message=told["message_id"])["applications"]
        assert noted["actions"] == ["label bills", "pin"]
