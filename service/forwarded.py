"""Forwarded headers: who the client is behind a proxy, believed only of proxies that are configured.

X-Forwarded-For, -Proto and -Host are the convention of proxies (MDN, "X-Forwarded-For"); nobody else's are seen
by the application, because Engine.IO's check of the origin takes them at their word.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from service.values import Network, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
Header = tuple[bytes, bytes]

_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_SECURE = {"https": True, "wss": True, "http": False, "ws": False}  # some proxies say ws for websockets
_SCHEMES = {("http", False): "http", ("http", True): "https", ("websocket", False): "ws", ("websocket", True): "wss"}


class ForwardedHeaders:
    """ASGI middleware that sets client, scheme and Host from what `trusted` proxies say, and drops all else.

    What stays of the headers is one X-Forwarded-Proto of http or https, for Engine.IO, and only when it is believed.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self.app = app
        self.trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrite the scope in place, so that what stands around the application sees the client too."""
        if scope["type"] in ("http", "websocket"):
            self._rewrite(scope)
        await self.app(scope, receive, send)

    def _rewrite(self, scope: Scope) -> None:
        headers: list[Header] = scope["headers"]
        scope["headers"] = [header for header in headers if not _is_forwarded(header[0])]
        host, port = scope.get("client") or ("", 0)
        peer = parse_address(host)
        if peer is None:
            return
        scope["client"] = (str(peer), port)
        if not is_trusted(peer, self.trusted):
            return
        client, hops = find_client(peer, _values(headers, b"x-forwarded-for"), self.trusted)
        if client != peer:
            scope["client"] = (str(client), 0)
        _set_scheme(scope, _of_hop(_values(headers, b"x-forwarded-proto"), hops))
        _set_host(scope, _of_hop(_values(headers, b"x-forwarded-host"), hops))


def parse_address(text: str) -> Address | None:
    """An IP address with or without a port, brackets or zone; None for anything else.

    An IPv4 address that is mapped into IPv6 (RFC 4291, 2.5.5.2) is the IPv4 address.
    """
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::[0-9]{1,5})?", text)
    with_port = re.fullmatch(r"([0-9.]+):[0-9]{1,5}", text)
    match = bracketed or with_port
    try:
        address = ip_address(match[1] if match else text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def network_of(scope: Scope) -> str:
    """What attempts of a client are counted by: its IPv4 address, or the /64 that IPv6 gives to one customer."""
    host, _ = scope.get("client") or ("", 0)
    address = parse_address(host)
    return str(IPv6Network((int(address), 64), strict=False)) if isinstance(address, IPv6Address) else str(address)


def is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    """Whether one of the `trusted` networks contains the address."""
    return any(address in network for network in trusted)


def find_client(peer: Address, entries: Sequence[str], trusted: Sequence[Network]) -> tuple[Address, int]:
    """The rightmost address that is not trusted, and how many entries stand to the right of it.

    `peer` is a trusted proxy and `entries` are those of X-Forwarded-For, the nearest hop last. Where an entry is no
    address, the last one before it is the answer; where all are trusted, the leftmost.
    """
    client = peer
    for hops, entry in enumerate(reversed(entries)):
        address = parse_address(entry)
        if address is None:
            return client, hops
        client = address
        if not is_trusted(address, trusted):
            return client, hops
    return client, len(entries)


def _is_forwarded(name: bytes) -> bool:
    # To Engine.IO, which speaks WSGI inside, x_forwarded_host is x-forwarded-host.
    plain = name.lower().replace(b"_", b"-")
    return plain.startswith(b"x-forwarded-") or plain in (b"forwarded", b"x-real-ip")


def _values(headers: Sequence[Header], name: bytes) -> list[str]:
    """The elements of a list header, over all its lines (RFC 9110, 5.3)."""
    return words(",".join(value.decode("latin-1") for key, value in headers if key.lower() == name))


def _of_hop(values: Sequence[str], hops: int) -> str:
    """What was said `hops` proxies away; the farthest that is known where fewer of them spoke."""
    return values[max(-len(values), -1 - hops)] if values else ""


def _set_scheme(scope: Scope, said: str) -> None:
    secure = _SECURE.get(said.lower())
    if secure is not None:
        scope["scheme"] = _SCHEMES[scope["type"], secure]
        scope["headers"].append((b"x-forwarded-proto", b"https" if secure else b"http"))


def _set_host(scope: Scope, said: str) -> None:
    if _HOST.fullmatch(said):
        others = [header for header in scope["headers"] if header[0].lower() != b"host"]
        scope["headers"] = [*others, (b"host", said.encode("ascii"))]
