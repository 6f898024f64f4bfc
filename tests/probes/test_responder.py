"""The request parser and the response writer: whatever arrives, an answer that HTTP has a number for."""

from __future__ import annotations

import http.client
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probes.gate.responder import MAX_HEAD, REASONS, Refusal, Request, parse, response

TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
VISIBLE = "".join(map(chr, range(0x21, 0x7F)))

tokens = st.text(TOKEN, min_size=1, max_size=12)
paths = st.text(VISIBLE.replace("?", ""), max_size=30).map("/".__add__)
queries = st.text(VISIBLE, max_size=20)
VALUE = " \t" + VISIBLE + "".join(map(chr, range(0xA0, 0x100)))  # RFC 9110, section 5.5
values = st.text(VALUE, max_size=20).map(lambda text: text.strip(" \t"))
fields = st.dictionaries(tokens.map(str.lower), values, max_size=5)
line_ends = st.sampled_from([b"\r\n", b"\n"])

words = st.sampled_from(
    [b"GET", b"HEAD", b"POST", b"PRI", b"@", b" ", b"  ", b"/", b"*", b"/health", b"?", b"http://", b"HTTP/1.1",
     b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1x1", b"\r\n", b"\n", b"\r", b"\0", b":", b"Host", b"x", b"\t", b"\xff",
     b"\x16\x03\x01", b"a" * (MAX_HEAD // 2), b"b" * (2 * MAX_HEAD)]
)  # fmt: skip
almost_requests = st.lists(words, max_size=14).map(b"".join)
anything = st.one_of(st.binary(max_size=300), almost_requests)


def outcome(data: bytes) -> object:
    """What `parse` makes of the bytes, comparable: None, the status of a refusal, or the parts of a request."""
    try:
        request = parse(data)
    except Refusal as refusal:
        return refusal.status
    return request and (request.method, request.path, request.query, request.fields)


def well_formed(method: str, target: str, given: dict[str, str], end: bytes = b"\r\n") -> bytes:
    """The head of a request as RFC 9112 has it."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return end.join([*(line.encode("latin-1") for line in lines), b"", b""])


@given(anything)
@example(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
@example(b"GET /" + b"a" * MAX_HEAD)
def test_any_bytes_are_a_request_a_refusal_or_the_beginning_of_one(data: bytes) -> None:
    """Nothing but a `Refusal` is ever raised, and its status has a reason phrase."""
    try:
        request = parse(data)
    except Refusal as refusal:
        assert refusal.status in (400, 414, 431, 505)
        assert str(refusal) == REASONS[refusal.status]
    else:
        assert request is None or isinstance(request, Request)


@given(anything, st.data())
@example(b"GET /" + b"a" * (2 * MAX_HEAD) + b" HTTP/1.1\r\n\r\n", None)
@example(b"GET / HTTP/1.1\r\nX: " + b"a" * (2 * MAX_HEAD) + b"\r\n\r\n", None)
@example(b"\r\n" * MAX_HEAD + b"GET / HTTP/1.1\r\n\r\n", None)
def test_what_is_decided_stays_decided(data: bytes, cuts: st.DataObject | None) -> None:
    """The outcome does not depend on how the bytes were split up on their way here."""
    lengths = range(0, len(data) + 1, 997) if cuts is None else cuts.draw(_prefixes(len(data)))
    decided = None
    for length in [*lengths, len(data)]:
        now = outcome(data[:length])
        assert decided in (None, now), f"{decided} after fewer bytes, {now} after {length}"
        decided = now


def _prefixes(length: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, length), max_size=12).map(sorted)


@given(tokens, paths, st.none() | queries, fields, line_ends, st.binary(max_size=40))
def test_every_valid_request_is_understood(
    method: str, path: str, query: str | None, given: dict[str, str], end: bytes, body: bytes
) -> None:
    """Method, path, query and fields come out as they went in; what follows the head changes nothing."""
    target = path if query is None else f"{path}?{query}"
    expected = (method, path, query or "", given)
    head = well_formed(method, target, given, end)
    assert outcome(head) == expected
    assert outcome(head + body) == expected
    assert outcome(b"\r\n" + head) == expected


@given(tokens, paths, fields, line_ends, st.data())
def test_a_head_is_not_a_request_before_its_last_byte(
    method: str, path: str, given: dict[str, str], end: bytes, data: st.DataObject
) -> None:
    """Every proper beginning of a valid request is waited upon, neither refused nor taken for the whole."""
    head = well_formed(method, path, given, end)
    assert outcome(head[: data.draw(st.integers(0, len(head) - 1))]) is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\0", 400),
        (bytes(range(256)), 400),
        (b"\x16\x03\x01\x02\x00", 400),
        (b"SSH-2.0-OpenSSH_9.6\r\n", 400),
        (b"G\xc3\x89T / HTTP/1.1\r\n\r\n", 400),
        (b"GET\r\n", 400),
        (b"GET /\r\n", 400),
        (b" GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1 \r\n\r\n", 400),
        (b"GET\t/\tHTTP/1.1\r\n\r\n", 400),
        (b"GET /\0 HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
        (b"GET / http/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1\r\n\r\n", 400),
        (b"GET / HTTP/1.1.1\r\n\r\n", 400),
        (b"GET / HTTP/x.1\r\n\r\n", 400),
        (b"GET / HTTP/1x1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n: no name\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : airlock\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\xc3\xa9: 1\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET / HTTP/0.9\r\n\r\n", 505),
        (b"GET / HTTP/3.0\r\n\r\n", 505),
        (b"GET /" + b"a" * MAX_HEAD, 414),
        (b"GET /" + b"a" * MAX_HEAD + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * MAX_HEAD, 431),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * MAX_HEAD + b"\r\n\r\n", 431),
        (b"\r\n" * MAX_HEAD + b"GET / HTTP/1.1\r\n\r\n", 431),
    ],
)
def test_hostile_bytes_are_refused_with_the_right_status(data: bytes, status: int) -> None:
    """What can't become a request is refused by the number that HTTP has for it."""
    with pytest.raises(Refusal) as refusal:
        parse(data)
    assert refusal.value.status == status


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("http://airlock/health?verbose", "/health", "verbose"),
        ("HTTPS://airlock:8443/", "/", ""),
        ("http://airlock", "/", ""),
        ("*", "*", ""),
        ("//health", "//health", ""),
        ("/health?a?b", "/health", "a?b"),
    ],
)
def test_every_form_of_target_has_a_path(target: str, path: str, query: str) -> None:
    """RFC 9112, section 3.2: a proxy's absolute form names the same resource."""
    assert outcome(well_formed("GET", target, {})) == ("GET", path, query, {})


def test_field_names_do_not_depend_on_case_and_values_are_trimmed() -> None:
    """RFC 9110, sections 5.1 and 5.5."""
    assert outcome(b"GET / HTTP/1.1\r\nAuthorization: \t Bearer x \r\n\r\n") == (
        "GET", "/", "", {"authorization": "Bearer x"},
    )  # fmt: skip


class _Wire:
    """Response bytes as the standard library's client reads them."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)


@given(st.sampled_from(sorted(REASONS)), st.binary(max_size=200), st.booleans())
def test_a_response_is_what_a_client_reads(status: int, body: bytes, head_only: bool) -> None:
    """Status, length and body are right; HEAD has the same head and no body; the connection is to be closed."""
    data = response(status, body, head_only=head_only, fields=(("Retry-After", "1"),))
    reply = http.client.HTTPResponse(_Wire(data), method="HEAD" if head_only else "GET")  # type: ignore[arg-type]
    reply.begin()
    assert (reply.status, reply.reason) == (status, REASONS[status])
    assert reply.getheader("Content-Length") == str(len(body))
    assert reply.getheader("Connection") == "close"
    assert reply.getheader("Cache-Control") == "no-store"
    assert reply.getheader("Retry-After") == "1"
    assert reply.read() == (b"" if head_only else body)
    assert data.endswith(b"\r\n\r\n") or not head_only
    assert response(status, body, head_only=True) + body == response(status, body)
