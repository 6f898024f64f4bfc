"""The address of the model: what is accepted."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import Secret

from service.values import Unquoted

_NEAR = ("localhost", ".localhost", ".local", ".internal", ".home.arpa")  # RFC 6761, 6762, 8375; ICANN for .internal


class ModelUrl(Secret[str]):
    """The base URL of an OpenAI-compatible API, which `parse` has accepted; without a slash at its end."""

    @staticmethod
    def parse(text: str) -> str:
        """The text, when mail may be sent there. Raises `Unquoted`."""
        if not text.isascii() or not text.isprintable() or " " in text:
            raise Unquoted("it has characters in it that no URL has")
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            raise Unquoted("it cannot be read as a URL") from None
        if parts.scheme not in ("http", "https") or not host:
            raise Unquoted("it does not begin with https:// and a host")
        if parts.username is not None or parts.query or parts.fragment:
            raise Unquoted("a user name, a '?' or a '#' does not belong there; the key is AI_API_KEY")
        if parts.scheme == "http" and not _is_near(host):
            raise Unquoted("mail would go over the Internet unencrypted: http:// is for private addresses alone")
        return text.rstrip("/")

    def _display(self) -> str:
        return self.get_secret_value()  # what `parse` accepts has no secret in it


def _is_near(host: str) -> bool:
    """Whether it names this machine or a private network, by its form alone."""
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_NEAR)
    return address.is_private or address.is_loopback
