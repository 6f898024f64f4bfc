"""The page on which a person reads their mail, as it is served."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx2

from service.headers import HEADERS

if TYPE_CHECKING:
    from tests.boot import Boot


def test_its_policy_names_one_script_and_one_style(filled: Boot) -> None:
    """By a nonce that is another one each time; the other headers are those of every answer."""
    answers = [httpx2.get(f"{filled.url}/mail") for _ in range(2)]
    nonces = [set(re.findall('nonce="([^"]+)"', answer.text)) for answer in answers]
    assert [len(found) for found in nonces] == [1, 1]
    assert nonces[0] != nonces[1]
    policy = answers[0].headers["content-security-policy"]
    assert f"script-src 'nonce-{nonces[0].pop()}';" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "'unsafe-inline'" not in policy
    assert {name: answers[0].headers[name] for name in HEADERS} == HEADERS | {"Content-Security-Policy": policy}
    assert answers[0].headers["cache-control"] == "no-store"


def test_it_is_open_and_holds_nobodys_mail(filled: Boot) -> None:
    """What it shows it asks the API for; HEAD is answered too."""
    assert "Lunch" not in httpx2.get(f"{filled.url}/mail").text
    assert httpx2.head(f"{filled.url}/mail").status_code == 200
    assert httpx2.post(f"{filled.url}/mail").status_code == 405
