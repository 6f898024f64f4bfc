"""The door of the API over HTTP: what is closed, what is open, and how a request is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.service.api.client import Api
from tests.service.process import TOKEN, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.boot import Boot


@pytest.mark.parametrize("path", ["/api/accounts", "/api/messages/1", "/api/nowhere", "/api/"])
@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        ({}, 'Bearer realm="airlock"'),
        ({"Authorization": "Basic b3BlbjpzZXNhbWU="}, 'Bearer realm="airlock"'),
        ({"Authorization": "Bearer open-sesame"}, 'Bearer realm="airlock", error="invalid_token"'),
    ],
)
def test_all_below_api_is_closed(filled: Boot, path: str, header: dict[str, str], challenge: str) -> None:
    """401 says how to open it, and not even what is there."""
    response = httpx2.get(f"{filled.url}{path}", headers=header)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == challenge
    assert response.headers["content-type"] == "application/problem+json"
    assert "ACCESS_TOKEN" in response.json()["detail"]
    assert "sesame" not in response.text


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/health", "/healthz"])
def test_what_says_nothing_of_mail_is_open(filled: Boot, path: str) -> None:
    """Probes, what runs here and how the API looks."""
    assert httpx2.get(f"{filled.url}{path}").status_code == 200


def test_the_first_boot_prints_the_token_once(tmp_path: Path) -> None:
    """It opens the API from then on, and the next boot says nothing of it."""
    with start(DATA_DIR=str(tmp_path), ACCESS_TOKEN="") as boot:
        token = boot.wait_ready().wait_for(r"it is shown this once: (\S+)").group(1)
        with Api(boot, token) as api:
            assert api.get("/accounts") == {"accounts": []}
        boot.stop()
        assert boot.output.count(token) == 1
    with start(DATA_DIR=str(tmp_path), ACCESS_TOKEN="") as boot, Api(boot.wait_ready(), token) as api:
        assert api.get("/accounts") == {"accounts": []}
        boot.stop()
        assert not re.search(r"shown this once", boot.output)


def test_a_token_of_ones_own_is_not_printed(filled: Boot) -> None:
    """ACCESS_TOKEN is in no log."""
    assert TOKEN not in filled.output


def test_a_path_that_is_not_there_is_a_problem(filled: Boot) -> None:
    """For those who have the token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    response = httpx2.get(f"{filled.url}/api/nowhere", headers=headers)
    assert (response.status_code, response.json()["detail"]) == (404, "nothing is served at /api/nowhere")
    response = httpx2.put(f"{filled.url}/api/accounts/1", headers=headers)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "PATCH", "DELETE"}


@pytest.mark.parametrize(
    ("status", "content_type", "body", "words"),
    [
        (415, "text/plain", b"{}", "a body of type 'text/plain' is not read here: send application/json"),
        (415, None, b"{}", "a body without a Content-Type"),
        (400, "application/json", b"{", "the body is no application/json"),
        (400, "application/json", b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "the body is no application/json"),
        (400, "application/json", b"\xff", "the body is no application/json"),
        (400, "application/json", b"[" * 100_000, "nested too deeply"),
        (400, "application/json", b"[]", "the body has to be an object"),
        (422, "application/json", b'{"name": NaN}', "a value in it that JSON has not"),
        (422, "application/json", b'{"kind": "maildir", "name": "\\ud800"}', "surrogate"),
        (422, "application/json", b"", "Field required"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    api: Api, status: int, content_type: str | None, body: bytes, words: str
) -> None:
    """Each with the reason, and nothing breaks."""
    headers = {"Content-Type": content_type} if content_type else {}
    problem = api.refused(status, "POST", "/accounts", content=body, headers=headers)
    assert words in problem["detail"]


def test_a_command_with_a_query_is_refused(api: Api) -> None:
    """What it takes is in the path and in the body."""
    problem = api.refused(422, "POST", "/pause?id=1")
    assert problem["errors"] == [{"where": "id", "what": "There is no such parameter here"}]
    problem = api.refused(422, "PATCH", "/accounts/1", json={"id": 2})
    assert problem["errors"] == [{"where": "id", "what": "It is in the path already"}]
