"""The headers that keep browsers from doing anything with an answer but showing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from service.headers import SecurityHeaders
from tests.service.process import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.boot import Boot

HEADERS = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""Written out, so that one which the service loses is missed."""
HSTS = "max-age=31536000"


@pytest.fixture(scope="module")
def boot() -> Iterator[Boot]:
    """A service behind a proxy that it trusts, with a small limit on bodies."""
    with start(TRUSTED_PROXIES="127.0.0.1", MAX_BODY_SIZE="1024", WORKER_MODE="false") as process:
        yield process.wait_ready()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/openapi.json", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/", 405),
        ("GET", "/api/accounts", 401),
        ("POST", "/api/accounts", 413),
        ("GET", "/socket.io/?EIO=4&transport=polling", 200),
        ("GET", "/socket.io/?EIO=4&transport=nonsense", 400),
    ],
)
def test_every_answer_has_them(boot: Boot, method: str, path: str, status: int) -> None:
    """Whoever answers, and whatever is answered."""
    content = b"x" * 2000 if status == 413 else None
    response = httpx2.request(method, boot.url + path, content=content)
    assert response.status_code == status
    assert {name: response.headers.get_list(name) for name in HEADERS} == {
        name: [value] for name, value in HEADERS.items()
    }


def test_an_answer_that_says_more_itself_keeps_its_words() -> None:
    """What a download says of itself is neither changed nor said twice."""
    page = SecurityHeaders(Response(headers={"Content-Security-Policy": "default-src 'none'; sandbox"}))
    headers = TestClient(page).get("/").headers
    assert headers.get_list("content-security-policy") == ["default-src 'none'; sandbox"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("proto", "said"), [("https", [HSTS]), ("http", []), ("", [])])
def test_only_tls_is_promised_for_the_future(boot: Boot, proto: str, said: list[str]) -> None:
    """HSTS over plain HTTP would be ignored (RFC 6797, 8.1), and is not sent."""
    response = httpx2.get(boot.url, headers={"X-Forwarded-Proto": proto} if proto else {})
    assert response.headers.get_list("strict-transport-security") == said


def test_a_stranger_cannot_have_tls_promised() -> None:
    """X-Forwarded-Proto of somebody who is no trusted proxy says nothing."""
    with start(WORKER_MODE="false") as untrusting:
        response = httpx2.get(untrusting.wait_ready().url, headers={"X-Forwarded-Proto": "https"})
    assert "strict-transport-security" not in response.headers
