"""What of a provider's ID token is believed: each lie alone is found out."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from service.access.provider import Person, Provider, Unusable
from tests.service.provider import query

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT, NONCE, VERIFIER = "airlock", "the-nonce", "v" * 43
_KEY, _OTHER = RSAKey.generate_key(2048, {"kid": "1"}), RSAKey.generate_key(2048, {"kid": "1"})


class Issuer(ThreadingHTTPServer):
    """A provider that says whatever the test wants: `id_token` is what it answers to any code."""

    id_token = ""
    issuer = ""
    key = _KEY
    """What it signs with, and the only one that it publishes."""
    keys_read = 0
    asked: dict[str, str]
    authorization = ""
    methods: list[str] | None = None
    """How it says that clients show their secret."""

    @property
    def url(self) -> str:
        """Its issuer, unless it lies."""
        return f"http://127.0.0.1:{self.server_port}"

    def signed(self, **claims: Any) -> str:
        """A good ID token with other claims; None takes one away."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, self.claims(**claims), self.key)

    def claims(self, **others: Any) -> dict[str, Any]:
        """Those of a good ID token."""
        now = int(time.time())
        good = {"iss": self.url, "sub": "1", "aud": CLIENT, "iat": now, "exp": now + 600, "nonce": NONCE}
        said = {**good, "email": "Ann@Example.org", "email_verified": True, **others}
        return {name: value for name, value in said.items() if value is not None}


class _Answers(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        base = self.server.url
        metadata: dict[str, Any] = {
            "issuer": self.server.issuer or base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "code_challenge_methods_supported": ["plain"],
        }
        if self.server.methods is not None:
            metadata["token_endpoint_auth_methods_supported"] = self.server.methods
        if self.path == "/keys":
            self.server.keys_read += 1
            metadata = {"keys": [self.server.key.as_dict(private=False)]}
        self._say(metadata)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked = {name: values[0] for name, values in parse_qs(body).items()}
        self.server.authorization = self.headers.get("Authorization", "")
        self._say({"access_token": "a", "token_type": "Bearer", "id_token": self.server.id_token})

    def _say(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's own name
        """Say nothing."""


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A provider, running."""
    with Issuer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def redeem(issuer: Issuer, name: str = "oidc") -> Person:
    """What the service makes of the issuer's answer."""
    provider = Provider(name, issuer.url, CLIENT, SecretStr("s"), "http://localhost/auth/callback/oidc")
    return asyncio.run(provider.redeem("code", NONCE, VERIFIER))


@pytest.mark.parametrize("claims", [{}, {"aud": [CLIENT]}, {"aud": [CLIENT, "x"], "azp": CLIENT}])
def test_a_good_token_names_a_person(issuer: Issuer, claims: dict[str, Any]) -> None:
    """The address is in lower case; the code went to the provider with the verifier."""
    issuer.id_token = issuer.signed(**claims)
    assert redeem(issuer) == Person(issuer.url, "1", "ann@example.org", "")
    assert (issuer.asked["code"], issuer.asked["code_verifier"]) == ("code", VERIFIER)


@pytest.mark.parametrize("name", ["oidc", "google"])
@pytest.mark.parametrize("methods", [None, ["client_secret_basic", "client_secret_post"], ["client_secret_post"]])
def test_the_secret_is_shown_as_the_provider_wants_it(issuer: Issuer, methods: list[str] | None, name: str) -> None:
    """In the head, which every provider knows that does not say otherwise; to Google in the body, as it documents."""
    issuer.methods = methods
    issuer.id_token = issuer.signed()
    redeem(issuer, name)
    in_body = name == "google" or methods == ["client_secret_post"]
    assert issuer.asked.get("client_secret") == ("s" if in_body else None)
    assert issuer.authorization.startswith("Basic ") is not in_body


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"aud": ["another-client"], "azp": CLIENT},
        {"aud": [CLIENT, "x"], "azp": "x"},
        {"aud": [CLIENT], "azp": "x"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"iat": 2**40},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"at_hash": "wrong"},
    ],
)
def test_a_token_with_one_lie_is_refused(issuer: Issuer, claims: dict[str, Any]) -> None:
    """Of another issuer, for another client, of another time or sign-in, or for nobody."""
    issuer.id_token = issuer.signed(**claims)
    with pytest.raises(Unusable):
        redeem(issuer)


def test_a_token_that_the_provider_did_not_sign_is_refused(issuer: Issuer) -> None:
    """Unsigned, signed with another key, with the public key as an HMAC's, or changed afterwards."""
    claims = issuer.claims()
    unsigned = ".".join(_encoded(json.dumps(part)) for part in ({"alg": "none"}, claims)) + "."
    confused = ".".join(_encoded(json.dumps(part)) for part in ({"alg": "HS256", "kid": "1"}, claims))
    mac = hmac.new(_KEY.as_pem(private=False), confused.encode(), "sha256").digest()
    head, _, signature = issuer.signed().split(".")
    for forged in (
        unsigned,
        jwt.encode({"alg": "RS256", "kid": "1"}, claims, _OTHER),
        f"{confused}.{_encoded(mac)}",
        ".".join((head, _encoded(json.dumps({**claims, "sub": "2"})), signature)),
        "",
        "x.y.z",
    ):
        issuer.id_token = forged
        with pytest.raises(Unusable):
            redeem(issuer)


@pytest.mark.parametrize("kid", ["1", "2"])
def test_keys_that_were_changed_are_read_again(issuer: Issuer, monkeypatch: pytest.MonkeyPatch, kid: str) -> None:
    """At the first token that they have signed, whatever it calls them, and at most once in ten seconds."""
    now = [1000.0]
    monkeypatch.setattr("service.access.provider.time", SimpleNamespace(monotonic=lambda: now[0]))
    provider = Provider("oidc", issuer.url, CLIENT, SecretStr("s"), "http://localhost/auth/callback/oidc")

    async def scenario() -> None:
        issuer.id_token = issuer.signed()
        assert (await provider.redeem("code", NONCE, VERIFIER)).subject == "1"
        issuer.key = RSAKey.import_key(_OTHER.as_dict(private=True) | {"kid": kid})
        issuer.id_token = issuer.signed()
        for _ in range(3):
            with pytest.raises(Unusable):
                await provider.redeem("code", NONCE, VERIFIER)
        assert issuer.keys_read == 1
        now[0] += 60
        assert (await provider.redeem("code", NONCE, VERIFIER)).subject == "1"
        assert issuer.keys_read == 2

    asyncio.run(scenario())


def test_pkce_is_not_given_up(issuer: Issuer) -> None:
    """S256 goes out though the provider says that it knows "plain" alone."""
    provider = Provider("oidc", issuer.url, CLIENT, SecretStr("s"), "http://localhost/auth/callback/oidc")
    asked = query(asyncio.run(provider.authorization_url("s", NONCE, VERIFIER)))
    challenge = _encoded(hashlib.sha256(VERIFIER.encode()).digest())
    assert (asked["code_challenge_method"], asked["code_challenge"]) == ("S256", challenge)


def test_a_provider_that_is_somebody_else_is_not_asked(issuer: Issuer) -> None:
    """Its metadata have to name the issuer that the operator named."""
    issuer.issuer = "https://evil.example"
    issuer.id_token = issuer.signed()
    with pytest.raises(Unusable, match="another issuer"):
        redeem(issuer)


def _encoded(data: str | bytes) -> str:
    return base64.urlsafe_b64encode(data.encode() if isinstance(data, str) else data).rstrip(b"=").decode()
