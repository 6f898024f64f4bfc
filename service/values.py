"""What the text of an environment variable means.

Each parser raises ValueError, with a message where only a part of the text is at fault.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network
REDACTED = "**********"

_ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_ADDRESS = re.compile(rf"[^\s@,]+@{_DOMAIN.pattern}")
_PORTS = {"http": 80, "https": 443}
_MAPPED = ip_network("::ffff:0:0/96")


class Unquoted(ValueError):
    """What is wrong with a text, in words that quote nothing of it: fit to be shown even where the text is secret."""


def switch(text: str) -> bool:
    """`true` or `false`, in any case."""
    try:
        return {"true": True, "false": False}[text.lower()]
    except KeyError:
        raise ValueError from None


def absolute_path(text: str) -> Path:
    """A path that begins at the root or at the user's home."""
    path = Path(text)
    if not path.is_absolute() and path.parts[:1] != ("~",):
        raise ValueError
    return path


def absolute_paths(text: str) -> tuple[Path, ...]:
    """Absolute paths, separated by commas."""
    return tuple(map(absolute_path, words(text)))


def secret(text: str) -> str:
    """A secret that cannot be guessed, and that a header and a list can carry."""
    if len(text) < 16 or not text.isascii() or not text.isprintable() or set(text) & {" ", ","}:
        raise ValueError
    return text


def key(text: str) -> str:
    """A key that somebody else has made, as a header carries it."""
    if not text.isascii() or not text.isprintable() or " " in text or len(text) > 4096:
        raise ValueError
    return text


def line(text: str) -> str:
    """A name on one line."""
    if not text.isprintable() or len(text) > 200:
        raise ValueError
    return text


def secrets(text: str) -> tuple[str, ...]:
    """Secrets that keys are made from, separated by commas."""
    found = tuple(map(secret, words(text)))
    if any(len(one) < 32 for one in found):
        raise ValueError
    return found


def words(text: str) -> list[str]:
    """The parts between commas, without the blanks around them and without empty ones."""
    return [word for part in text.split(",") if (word := part.strip())]


def networks(text: str) -> tuple[Network, ...]:
    """IP addresses and networks in CIDR notation (RFC 4632), separated by commas."""
    return tuple(_network(word) for word in words(text))


def origins(text: str) -> tuple[str, ...]:
    """Web origins (RFC 6454: scheme, host and port, no path), separated by commas."""
    found = tuple(word.lower().removesuffix("/") for word in words(text))
    for origin in found:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is not an origin")
    return found


def site(text: str) -> str:
    """The origin at which browsers find the service, as they write it: https, or http on this machine."""
    try:
        parts = urlsplit(text.lower())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("it cannot be read as a URL") from None
    if parts.scheme not in ("http", "https") or not _ORIGIN.fullmatch(f"{parts.scheme}://{parts.netloc}"):
        raise ValueError("it does not begin with https:// and a host")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("the service is at the root of its host: there is no path")
    if parts.scheme == "http" and not _is_here(host):
        raise ValueError("cookies would go over the network unencrypted: http:// is for localhost alone")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")


def issuer(text: str) -> str:
    """The issuer of an OpenID provider (OpenID Connect Discovery 1.0, 2): https, or http on this machine."""
    parts = urlsplit(text)
    if not text.isascii() or not text.isprintable() or " " in text or parts.query or parts.fragment:
        raise ValueError
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise ValueError("keys and tokens would come over the network unencrypted: http:// is for localhost alone")
    return text.rstrip("/")


def mail_addresses(text: str) -> tuple[str, ...]:
    """Addresses of people, separated by commas, in lower case."""
    found = tuple(word.lower() for word in words(text))
    for address in found:
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"{address!r} is no address")
    return found


def domains(text: str) -> tuple[str, ...]:
    """Domains of addresses, separated by commas, in lower case."""
    found = tuple(word.lower() for word in words(text))
    for domain in found:
        if not _DOMAIN.fullmatch(domain):
            raise ValueError(f"{domain!r} is no domain")
    return found


def transports(text: str) -> tuple[str, ...]:
    """Engine.IO transports, separated by commas; websocket is always among them."""
    found = words(text.lower())
    for word in found:
        if word not in ("polling", "websocket"):
            raise ValueError(f"{word!r} is not a transport")
    if "websocket" not in found:
        raise ValueError("'websocket' is missing")
    return tuple(dict.fromkeys(found))


def _is_here(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost") or host in ("127.0.0.1", "::1")


def _network(text: str) -> Network:
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):  # type: ignore[arg-type]
        # A dual-stack socket shows IPv4 peers as mapped ones; both spellings are compared as IPv4.
        mapped = network.network_address.ipv4_mapped
        return IPv4Network((int(mapped or 0), network.prefixlen - 96))
    return network
