"""Messages over HTTP: lists, filters, search, and each one whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.api.pages import encode
from tests.service.api.seed import PDF
from tests.service.store.followed import BEGIN

if TYPE_CHECKING:
    from tests.service.api.client import Api


def subjects(api: Api, **query: Any) -> list[str]:
    """The subjects of a list, in its order."""
    return [line["subject"] for line in api.get("/messages", **query)["messages"]]


def test_a_list_shows_what_the_assistant_made_of_it(api: Api) -> None:
    """The newest first; what is hidden is not there, and what is not understood yet is."""
    lines = {line["subject"]: line for line in api.get("/messages")["messages"]}
    assert set(lines) == {"Lunch on Friday?", "Re: Lunch on Friday?", "Your receipt", "Another"}
    question = lines["Lunch on Friday?"]
    assert (question["category"], question["pinned"], question["seen"]) == ("needs-reply", True, True)
    assert (lines["Your receipt"]["has_attachments"], lines["Your receipt"]["labels"]) == (True, ["money", "2026"])
    assert (lines["Another"]["category"], lines["Another"]["labels"], lines["Another"]["hidden"]) == (None, [], False)


def test_a_list_is_filtered(api: Api) -> None:
    """All filters that are given have to be met."""
    assert subjects(api, category="needs-reply", seen="true", q="lunch -gladly") == ["Lunch on Friday?"]
    assert subjects(api, category="needs-reply", seen="false") == []


@pytest.mark.parametrize(
    ("query", "where", "what"),
    [
        ({"limit": "0"}, "limit", "greater than or equal to 1"),
        ({"limit": "101"}, "limit", "less than or equal to 100"),
        ({"category": "love"}, "category", "'needs-reply'"),
        ({"colour": "red"}, "colour", "no such field"),
        ({"account": str(2**63)}, "account", "less than or equal to"),
        ({"since": "2026-01-01T12:00:00"}, "since", "timezone"),
        ({"since": "1767268800"}, "since", "a time such as 2026-01-31T12:00:00Z"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since", "greater than"),
        ({"q": "!?"}, "q", "no word in it"),
        ({"q": "a\0b"}, "q", "NUL"),
        ({"cursor": "garbage"}, "cursor", "no cursor"),
        ({"cursor": "W10"}, "cursor", "no cursor"),
    ],
)
def test_a_query_that_cannot_be_used_is_refused(api: Api, query: dict[str, str], where: str, what: str) -> None:
    """422 names the parameter and what is wrong with it."""
    problem = api.refused(422, "GET", "/messages", params=query)
    [error] = problem["errors"]
    assert error["where"] == where
    assert what in error["what"]
    assert error["what"] in problem["detail"]


def test_a_parameter_that_is_given_twice_is_refused(api: Api) -> None:
    """It would not be clear which is meant."""
    problem = api.refused(422, "GET", "/messages?seen=true&seen=false")
    assert problem["errors"] == [{"where": "seen", "what": "It is given more than once"}]


def test_pages_follow_each_other(api: Api) -> None:
    """Each begins where the one before ended, and the last says that it is."""
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = api.get("/messages", limit=1, **cursor)
        seen += [line["subject"] for line in page["messages"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == subjects(api)
    assert subjects(api, cursor=encode(BEGIN, 1)) == []


def test_a_message_is_shown_whole(api: Api) -> None:
    """With its folders, its sanitised HTML, its attachments and the analysis with its reasons."""
    [line] = api.get("/messages", category="receipt")["messages"]
    message = api.get(f"/messages/{line['id']}")
    assert message["folders"] == ["INBOX"]
    assert message["complete"] is True
    assert message["recipients"] == [{"kind": "to", "name": "", "address": "ann@example.org"}]
    assert "3 apples" in message["text"]
    assert "3 apples" in message["html"]
    assert "script" not in message["html"]
    assert [(part["name"], part["type"]) for part in message["attachments"]] == [("receipt.pdf", "application/pdf")]
    assert message["analysis"]["reasons"] == [{"words": "it asks a question", "weight": 0.8}]
    assert message["analysis"]["labels"] == ["money", "2026"]


def test_a_message_is_downloaded_as_it_came(api: Api) -> None:
    """Byte for byte, as a file that no browser shows as a page of this service."""
    [line] = api.get("/messages", category="receipt")["messages"]
    response = api.send("GET", f"/messages/{line['id']}/raw")
    assert response.content == PDF
    assert response.headers["content-disposition"] == f'attachment; filename="message-{line["id"]}.eml"'
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/messages/4711", "/messages/4711/raw", "/threads/4711"])
def test_what_is_not_there_is_not_found(api: Api, path: str) -> None:
    """404 names it."""
    assert "4711" in api.refused(404, "GET", path)["detail"]


def test_a_thread_has_its_messages(api: Api) -> None:
    """The thread with the latest message is first; its messages are in the order in which they came."""
    threads = api.get("/threads")["threads"]
    assert [thread["latest_at"] for thread in threads] == sorted((one["latest_at"] for one in threads), reverse=True)
    [lunch] = [thread for thread in threads if thread["message_count"] == 2]
    shown = api.get(f"/threads/{lunch['id']}")
    assert [line["subject"] for line in shown["messages"]] == ["Lunch on Friday?", "Re: Lunch on Friday?"]
    first = api.get("/threads", limit=1)
    assert api.get("/threads", limit=100, cursor=first["next"])["threads"] == threads[1:]
