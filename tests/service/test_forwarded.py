"""Forwarded headers: believed of configured proxies, invisible otherwise."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.forwarded import ForwardedHeaders, find_client, is_trusted, parse_address
from tests.service.engine import HANDSHAKE
from tests.service.process import start

if TYPE_CHECKING:
    from tests.boot import Boot

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
PAGE = "https://mail.example.org"
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "mail.example.org"}


def seen(
    headers: list[tuple[bytes, bytes]], peer: str = "10.0.0.1", kind: str = "http", **scope: Any
) -> dict[str, Any]:
    """The scope that an application behind the middleware is given."""
    scopes: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    scheme = "http" if kind == "http" else "ws"
    given = {"type": kind, "scheme": scheme, "client": (peer, 5000), "headers": headers, **scope}
    asyncio.run(ForwardedHeaders(app, TRUSTED)(given, None, None))  # type: ignore[arg-type]
    return scopes[0]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:8080", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_an_address_is_understood_in_every_spelling(text: str, address: str) -> None:
    """Ports, brackets, zones and the mapping of IPv4 into IPv6 make no difference."""
    assert parse_address(text) == ip_address(address)


@pytest.mark.parametrize("text", ["", "unknown", "_hidden", "192.0.2", "192.0.2.1:http", "[192.0.2.1", "::1]", "1:2"])
def test_what_is_no_address_is_none(text: str) -> None:
    """Garbage and the obfuscated identifiers of RFC 7239 are not taken for addresses."""
    assert parse_address(text) is None


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    """The parser has an answer to everything, and its answer is one that it understands."""
    address = parse_address(text)
    assert address is None or parse_address(str(address)) == address


@given(st.ip_addresses(), st.integers(0, 99999))
def test_an_address_survives_being_written_with_a_port(address: Any, port: int) -> None:
    """Whatever a proxy writes of a peer is read back."""
    written = f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"
    assert parse_address(written) == parse_address(str(address))


@given(st.lists(st.one_of(st.ip_addresses().map(str), st.ip_addresses(network="10.0.0.0/8").map(str), st.text())))
def test_the_client_is_never_found_beyond_an_untrusted_hop(entries: list[str]) -> None:
    """Everything to the right of the client is a trusted proxy, and the client is among what was said."""
    peer = ip_address("10.0.0.1")
    client, hops = find_client(peer, entries, TRUSTED)
    proxies = [parse_address(entry) for entry in entries[len(entries) - hops :]]
    assert all(proxy is not None and is_trusted(proxy, TRUSTED) for proxy in proxies)
    assert client in (peer, *map(parse_address, entries))


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        (["192.0.2.1"], "192.0.2.1"),
        (["198.51.100.9, 192.0.2.1"], "192.0.2.1"),
        (["198.51.100.9, 192.0.2.1, 10.1.1.1"], "192.0.2.1"),
        (["198.51.100.9", "192.0.2.1", "[fd00::1]:80, ::ffff:10.0.0.2"], "192.0.2.1"),
        (["192.0.2.1, unknown"], "10.0.0.1"),
        (["192.0.2.1, unknown, 10.0.0.7"], "10.0.0.7"),
        (["10.0.0.8, 10.0.0.9"], "10.0.0.8"),
        ([" , ,"], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_no_proxy(lines: list[str], client: str) -> None:
    """Over several lines, several proxies and garbage, only what trusted proxies wrote counts."""
    headers = [(b"x-forwarded-for", line.encode()) for line in lines]
    assert seen(headers)["client"][0] == client


def test_a_peer_that_is_no_proxy_is_the_client_itself() -> None:
    """Its forwarded headers are gone, in every spelling that the WSGI inside Engine.IO takes for them."""
    headers = [
        (b"host", b"example.org"),
        (b"x-forwarded-for", b"192.0.2.1"),
        (b"X-Forwarded-Host", b"evil.example"),
        (b"x_forwarded_host", b"evil.example"),
        (b"x-forwarded_proto", b"https"),
        (b"forwarded", b"for=192.0.2.1"),
        (b"x-real-ip", b"192.0.2.1"),
    ]
    scope = seen(headers, peer="::ffff:198.51.100.1")
    assert scope["headers"] == [(b"host", b"example.org")]
    assert scope["client"] == ("198.51.100.1", 5000)
    assert scope["scheme"] == "http"


@pytest.mark.parametrize(
    ("kind", "said", "scheme"),
    [
        ("http", "https", "https"),
        ("websocket", "HTTPS", "wss"),
        ("websocket", "wss", "wss"),
        ("http", "gopher", "http"),
    ],
)
def test_the_scheme_is_what_the_proxy_was_asked_with(kind: str, said: str, scheme: str) -> None:
    """Proxies that say ws or wss of a websocket mean http and https; what is no scheme changes nothing."""
    assert seen([(b"x-forwarded-proto", said.encode())], kind=kind)["scheme"] == scheme


def test_scheme_and_host_are_those_of_the_hop_that_met_the_client() -> None:
    """With two proxies the inner one's view of the outer one does not count, nor does what the client made up."""
    headers = [
        (b"host", b"inner:8000"),
        (b"x-forwarded-for", b"198.51.100.9, 192.0.2.1, 10.0.0.2"),
        (b"x-forwarded-proto", b"gopher, https, http"),
        (b"x-forwarded-host", b"evil.example, mail.example.org, outer"),
    ]
    scope = seen(headers)
    assert scope["client"] == ("192.0.2.1", 0)
    assert scope["headers"] == [(b"x-forwarded-proto", b"https"), (b"host", b"mail.example.org")]


@pytest.mark.parametrize("host", ["mail.example.org:8443", "[2001:db8::1]:443", "localhost"])
def test_a_host_is_taken_with_its_port(host: str) -> None:
    """A forwarded host replaces Host."""
    assert seen([(b"host", b"x"), (b"x-forwarded-host", host.encode())])["headers"] == [(b"host", host.encode())]


@given(st.binary())
def test_a_host_that_is_none_changes_nothing(host: bytes) -> None:
    """Only a name or an address gets into Host."""
    headers = seen([(b"host", b"x"), (b"x-forwarded-host", b"a b" + host)])["headers"]
    assert len(headers) == 1
    assert b" " not in headers[0][1]


@given(
    st.lists(st.tuples(st.sampled_from([b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"]), st.binary()))
)
def test_no_header_breaks_a_request(headers: list[tuple[bytes, bytes]]) -> None:
    """Whatever a proxy passes on, the application is called with a client and a scheme."""
    scope = seen(headers)
    assert parse_address(scope["client"][0]) is not None
    assert scope["scheme"] in ("http", "https")


@pytest.mark.parametrize("peer", ["", "/run/gate.sock"])
def test_a_peer_without_an_address_is_not_trusted(peer: str) -> None:
    """A client over something else than IP keeps its name and loses its forwarded headers."""
    scope = seen([(b"x-forwarded-for", b"192.0.2.1")], peer=peer)
    assert scope["client"] == (peer, 5000)
    assert scope["headers"] == []


@pytest.mark.parametrize(
    "spelling", [FORWARDED, {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "mail.example.org"}]
)
def test_a_page_of_another_origin_cannot_pretend_to_be_forwarded(service: Boot, spelling: dict[str, str]) -> None:
    """Engine.IO's check of the origin sees the real Host when nobody is trusted."""
    reply = httpx2.get(service.url + HANDSHAKE, headers={"Origin": PAGE, **spelling})
    assert reply.status_code == 400
    assert "not an accepted origin" in reply.text


def test_a_page_behind_a_trusted_proxy_is_of_the_same_origin() -> None:
    """A proxy that ends TLS is believed, although a dual-stack socket shows its IPv4 address as a mapped one."""
    with start(TRUSTED_PROXIES="127.0.0.1") as boot:
        url = boot.wait_ready().url + HANDSHAKE
        assert httpx2.get(url, headers={"Origin": PAGE, **FORWARDED}).status_code == 200
        assert httpx2.get(url, headers={"Origin": "https://evil.example", **FORWARDED}).status_code == 400


def test_allowed_origins_take_the_place_of_the_own_one() -> None:
    """SOCKETIO_ALLOWED_ORIGINS names the pages that may connect."""
    with start(SOCKETIO_ALLOWED_ORIGINS=PAGE) as boot:
        url = boot.wait_ready().url + HANDSHAKE
        assert httpx2.get(url, headers={"Origin": PAGE}).headers["access-control-allow-origin"] == PAGE
        assert httpx2.get(url, headers={"Origin": boot.url}).status_code == 400
