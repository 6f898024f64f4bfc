"""Opens a connection to where a user says, and to nowhere that the operator has not allowed."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from service.mail.source import SourceError

_CONNECT = 10.0
"""Seconds for each address of a host."""
_NAT64 = ip_network("64:ff9b::/96")
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))
"""A peer that is gone without a word is noticed after two minutes."""


def connect(host: str, port: int, *, private: bool, clear: bool) -> socket.socket:
    """A connection to the first address that answers, looked up now. Raises `SourceError` and `OSError`.

    Only with `private` may it be in this machine or in a private network; with `clear`, for what is sent without
    TLS, it must be.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [address[:2] for *_, address in found if is_public(str(address[0])) or private]
    if not addresses:
        raise SourceError(
            f"the mail server {host}:{port} is in this machine or in a private network, where none is connected to: "
            "name one on the Internet, or ask the operator to set IMAP_ALLOW_PRIVATE=true, which is for the owner's "
            "mailboxes alone"
        )
    if clear and any(is_public(str(address)) for address, _ in addresses):
        raise SourceError(
            f"the mail server {host}:{port} is on the Internet, where a password is not sent in the clear: "
            "choose 'tls' or 'starttls' for its security"
        )
    problem = OSError()
    for address, number in addresses:
        try:
            connection = socket.create_connection((str(address), int(number)), timeout=_CONNECT)
        except OSError as error:
            problem = error
            continue
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
        return connection
    raise problem


def is_public(text: str) -> bool:
    """Whether an IP address is one of the Internet; one of IPv6 that stands for an IPv4 address is taken for that."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner: IPv4Address | None = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast
