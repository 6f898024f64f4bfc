"""Commands on rules: ordered, readable, tried before they are applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from service.commands.command import Refused
from service.store import rules
from service.store.tables import Analysis, Audit, Event, Rule
from tests.service.api.seed import Filled, fill
from tests.service.commands.conftest import together
from tests.service.store.locks import on_postgresql

if TYPE_CHECKING:
    from tests.service.commands.conftest import Client

SHOP = {"name": "Shop", "when": {"from": "*@example.net"}, "then": {"label": "shop", "hide": True}}
LUNCH = {"name": "Lunch", "when": {"subject": "lunch"}, "then": {"category": "calendar", "stop": True}}
BOB = {"name": "Bob", "when": {"from": {"contains": "bob"}}, "then": {"pin": True}}


@pytest.fixture
def filled(client: Client) -> Filled:
    """Mail that is stored and understood."""
    return fill(client.store.database)


def names(answer: dict[str, Any]) -> list[str]:
    """The names of rules, in their order."""
    return [rule["name"] for rule in answer["rules"]]


def ids(client: Client) -> list[int]:
    """The ids of the stored rules, in their order."""
    with client.store.database.read() as session:
        return list(session.scalars(select(Rule.id).order_by(Rule.position, Rule.id)))


def test_rules_are_replaced_in_their_order(client: Client) -> None:
    """One that keeps its name keeps its id and its switch; what is stored is what the worker reads."""
    first = client.do("rules.put", rule=[SHOP, LUNCH])
    assert names(first) == ["Shop", "Lunch"]
    client.do("rules.update", id=first["rules"][1]["id"], enabled=False)
    second = client.do("rules.put", rule=[BOB, LUNCH])
    assert names(second) == ["Bob", "Lunch"]
    assert second["rules"][1]["id"] == first["rules"][1]["id"]
    assert second["rules"][1]["enabled"] is False
    with client.store.database.read() as session:
        assert [rule.name for rule in rules.enabled(session, client.user_id)] == ["Bob"]


def test_rules_are_not_longer_than_a_text_with_rules_may_be(client: Client) -> None:
    """Two hundred of the usual kind are far from it."""
    words = [f"{number:0500}" for number in range(100)]
    long = [{**SHOP, "name": f"{number}", "when": {"subject": words}} for number in range(5)]
    with pytest.raises(Refused, match=r"the rules have 2\d{5} characters: at most 200000 are accepted"):
        client.do("rules.put", rule=long)
    assert names(client.do("rules.put", rule=long[:1])) == ["0"]
    client.do("rules.put", rule=[{**SHOP, "name": f"{number}"} for number in range(200)])


def test_rules_are_reordered_and_forgotten(client: Client) -> None:
    """The new order names each rule once."""
    put = client.do("rules.put", rule=[SHOP, LUNCH, BOB])
    ids = [rule["id"] for rule in put["rules"]]
    assert names(client.do("rules.reorder", ids=ids[::-1])) == ["Bob", "Lunch", "Shop"]
    for wrong in (ids[:2], [*ids, ids[0]], [*ids[:2], 4711]):
        with pytest.raises(Refused, match="has to name each rule once"):
            client.do("rules.reorder", ids=wrong)
    assert names(client.do("rules.delete", id=ids[1])) == ["Bob", "Shop"]
    with pytest.raises(Refused, match="there is no rule"):
        client.do("rules.delete", id=ids[1])
    with pytest.raises(Refused, match="there is no rule"):
        client.do("rules.update", id=ids[1], enabled=True)


def test_rules_that_others_have_changed_are_not_replaced_unseen(client: Client) -> None:
    """Who sends the revision of the rules that they saw is told, and those stay; without it the last word counts."""
    seen = client.do("rules.put", rule=[SHOP])
    client.do("rules.update", id=seen["rules"][0]["id"], enabled=False)
    with pytest.raises(Refused, match="the rules have been changed since") as refused:
        client.do("rules.put", rule=[BOB], revision=seen["revision"])
    assert refused.value.status == 409
    back = client.do("rules.update", id=seen["rules"][0]["id"], enabled=True)
    assert back["revision"] == seen["revision"]
    assert names(client.do("rules.put", rule=[BOB], revision=seen["revision"])) == ["Bob"]
    assert names(client.do("rules.put", rule=[LUNCH])) == ["Lunch"]


@on_postgresql
def test_rules_that_are_put_at_once_are_there_once(client: Client) -> None:
    """The second waits for the first, and finds what that has made."""
    together(client, ("rules.put", {"rule": [SHOP, LUNCH]}), ("rules.put", {"rule": [LUNCH, BOB]}))
    assert names(client.do("rules.reorder", ids=ids(client))) == ["Lunch", "Bob"]


@on_postgresql
def test_orders_that_are_given_at_once_are_not_mixed(client: Client) -> None:
    """The order is the last one's, and each rule has a place of its own."""
    client.do("rules.put", rule=[SHOP, LUNCH, BOB])
    shop, lunch, bob = ids(client)
    together(client, ("rules.reorder", {"ids": [lunch, shop, bob]}), ("rules.reorder", {"ids": [shop, bob, lunch]}))
    with client.store.database.read() as session:
        stored = session.execute(select(Rule.position, Rule.id).order_by(Rule.position)).all()
    assert [tuple(row) for row in stored] == [(1, shop), (2, bob), (3, lunch)]


def test_all_that_is_wrong_with_rules_is_told(client: Client) -> None:
    """Nothing of them is stored then."""
    with pytest.raises(Refused) as refused:
        client.do("rules.put", rule=[SHOP, {"name": "X", "when": {"form": "a"}, "then": {"category": "love"}}])
    problems = [error["what"] for error in refused.value.errors]
    assert any("did you mean from?" in problem for problem in problems)
    assert any("'love' is not usable" in problem for problem in problems)
    assert client.do("rules.put", rule=[])["rules"] == []


def test_rules_are_tried_without_any_change(client: Client, filled: Filled) -> None:
    """Which messages, which rules, why, and what they would do; with an order and a stop."""
    tried = client.do("rules.dry-run", rule=[SHOP, LUNCH, BOB])
    assert tried["examined"] == 4
    by_message = {one["message_id"]: one["applied"] for one in tried["messages"]}
    assert [one["rule"] for one in by_message[filled.receipt]] == ["Shop"]
    assert by_message[filled.receipt][0]["then"] == {"label": "shop", "hide": True}
    assert by_message[filled.receipt][0]["because"]
    assert [one["rule"] for one in by_message[filled.question]] == ["Lunch"]
    assert [one["rule"] for one in by_message[filled.news]] == ["Bob"]
    with client.store.database.read() as session:
        assert not session.scalars(select(Analysis).where(Analysis.message_id == filled.receipt)).one().hidden
        assert session.scalars(select(Audit)).all() == []
        assert not session.scalars(select(Event).where(Event.type.like("rules%"))).all()


def test_stored_rules_are_tried_when_none_are_given(client: Client, filled: Filled) -> None:
    """Those that are switched on, on as many messages as are asked for."""
    put = client.do("rules.put", rule=[BOB, SHOP])
    client.do("rules.update", id=put["rules"][0]["id"], enabled=False)
    assert [one["message_id"] for one in client.do("rules.dry-run")["messages"]] == [filled.receipt]
    assert client.do("rules.dry-run", messages=1)["examined"] == 1


def test_rules_are_applied_to_stored_mail_by_the_worker(client: Client, filled: Filled) -> None:
    """The command enqueues it, and the worker does it later."""
    client.do("rules.put", rule=[SHOP])
    assert client.do("rules.apply") == {"rules": 1}
    with client.store.database.read() as session:
        assert [event.type for event in session.scalars(select(Event).where(Event.type.like("rules%")))] == [
            "rules.changed",
            "rules.apply_requested",
        ]
