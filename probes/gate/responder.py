"""A small HTTP/1.1 request parser and response writer (RFC 9112), one request a connection.

Standard library only, pure: bytes in, bytes out.
"""

from __future__ import annotations

MAX_HEAD = 8192
"""Bytes of a request's head (request line and fields) that are read before it is refused."""

REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    405: "Method Not Allowed",
    408: "Request Timeout",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}

_TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VISIBLE = bytes(range(0x21, 0x7F))


class Request:
    """A request's method, its path and query without the `?`, and its fields by lower-case name."""

    __slots__ = ("fields", "method", "path", "query")

    def __init__(self, method: str, path: str, query: str, fields: dict[str, str]) -> None:
        self.method, self.path, self.query, self.fields = method, path, query, fields


class Refusal(Exception):
    """The bytes are no request that can be answered; `status` is what HTTP calls it."""

    def __init__(self, status: int) -> None:
        super().__init__(REASONS[status])
        self.status = status


def parse(data: bytes) -> Request | None:
    """The request whose head `data` begins with, or None while the head is incomplete.

    Raises `Refusal` as soon as the bytes can't become a request: 400, 414, 431 or 505.
    """
    start = data.lstrip(b"\r\n")  # RFC 9112, section 2.2: empty lines before the request line are ignored
    if len(data) - len(start) > MAX_HEAD:
        raise Refusal(431)
    line, newline, rest = start.partition(b"\n")
    method = line[:MAX_HEAD].partition(b" ")[0].removesuffix(b"\r")
    if method.translate(None, _TOKEN) or b"\0" in line[:MAX_HEAD]:
        raise Refusal(400)
    if len(line) > MAX_HEAD:
        raise Refusal(414)
    if not newline:
        return None
    method, target = _request_line(line.removesuffix(b"\r"))
    head, end, _ = (b"\n" + rest.replace(b"\r\n", b"\n")).partition(b"\n\n")
    if len(line) + len(head) > MAX_HEAD:
        raise Refusal(431)
    if not end:
        return None
    path, _, query = _origin_form(target).partition(b"?")
    return Request(method.decode(), path.decode(), query.decode(), _fields(head))


def response(
    status: int,
    body: bytes,
    *,
    content_type: str = "application/json",
    head_only: bool = False,
    fields: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """A whole response that ends its connection; with `head_only` the body is left out (RFC 9110, 9.3.2)."""
    lines = [
        f"HTTP/1.1 {status} {REASONS[status]}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *(f"{name}: {value}" for name, value in fields),
    ]
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if head_only else head + body


def _request_line(line: bytes) -> tuple[bytes, bytes]:
    parts = line.split(b" ")
    if len(parts) != 3:
        raise Refusal(400)
    method, target, version = parts
    if not method or method.translate(None, _TOKEN) or not target or target.translate(None, _VISIBLE):
        raise Refusal(400)
    name, _, number = version.partition(b"/")
    major, dot, minor = number[:1], number[1:2], number[2:]
    if name != b"HTTP" or dot != b"." or len(minor) != 1 or not (major + minor).isdigit():
        raise Refusal(400)
    if major != b"1":
        raise Refusal(505)
    return method, target


def _origin_form(target: bytes) -> bytes:
    """RFC 9112, section 3.2.2: a server accepts the absolute form too."""
    scheme, separator, rest = target.partition(b"://")
    if target.startswith(b"/") or not separator or scheme.lower() not in (b"http", b"https"):
        return target
    slash = rest.find(b"/")
    return rest[slash:] if slash >= 0 else b"/"


def _fields(head: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in head.split(b"\n"):
        if not line:
            continue
        name, colon, value = line.partition(b":")
        if not colon or not name or name.translate(None, _TOKEN):
            raise Refusal(400)
        fields[name.decode().lower()] = value.strip().decode("latin-1")
    return fields
