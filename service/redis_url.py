"""The address of a Redis server: what is accepted, and what of it may be shown."""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import Secret

from service.values import REDACTED, Unquoted

_ESCAPE = "in a user name or a password '/', '?', '#' and '%' are written %2F, %3F, %23 and %25"
_TLS_OPTIONS = ("ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_keyfile")
_OPTIONS = ("db", "password", "username", *_TLS_OPTIONS)


class RedisUrl(Secret[str]):
    """A URL that `parse` has accepted; as text it shows neither user name nor password nor options."""

    @staticmethod
    def parse(text: str) -> str:
        """The text itself, when it is the URL of a Redis server. Raises `Unquoted`."""
        if not text.isprintable() or " " in text:
            raise Unquoted("it has blanks or control characters in it")
        if "#" in text:
            raise Unquoted(f"there is a '#' in it: {_ESCAPE}")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise Unquoted(f"its host or port cannot be read: {_ESCAPE}") from None
        _check_place(parts, port)
        _check_options(parts)
        return text

    def hide(self, text: str) -> str:
        """`text` without the secret parts of the URL, as a server's error may quote them."""
        parts = urlsplit(self.get_secret_value())
        secrets = [parts.password or parts.username or ""]
        secrets += [value for name, value in parse_qsl(parts.query) if name == "password"]
        for secret in secrets:
            for spelling in filter(None, (secret, unquote(secret))):
                text = text.replace(spelling, REDACTED)
        return text

    def _display(self) -> str:
        parts = urlsplit(self.get_secret_value())
        user, at, host = parts.netloc.rpartition("@")
        options = f"?{REDACTED}" if parts.query else ""
        return f"{parts.scheme}://{user and REDACTED}{at}{host}{parts.path}{options}"


def _check_place(parts: SplitResult, port: int | None) -> None:
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise Unquoted("it does not begin with redis://, rediss:// or unix://")
    if parts.scheme == "unix":
        if parts.netloc.rpartition("@")[2] or len(parts.path) < len("/x"):
            raise Unquoted("a socket's path begins with a third '/'")
        return
    if not parts.hostname:
        raise Unquoted(f"there is no host in it: {_ESCAPE}")
    if port == 0:
        raise Unquoted("no server has port 0")
    if parts.path not in ("", "/") and not _is_number(parts.path[1:]):
        raise Unquoted(f"what follows the host is not the number of a database: {_ESCAPE}")


def _check_options(parts: SplitResult) -> None:
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise Unquoted(f"its options are not all of {', '.join(_OPTIONS)}")
        if name in _TLS_OPTIONS and parts.scheme != "rediss":
            raise Unquoted(f"{name} goes with rediss:// alone")
        if name == "db" and not _is_number(value):
            raise Unquoted("db is not the number of a database")
        if name == "ssl_cert_reqs" and value not in ("none", "optional", "required"):
            raise Unquoted("ssl_cert_reqs is not one of none, optional, required")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
