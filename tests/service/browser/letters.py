"""Mails that have a payload in every field that anybody is shown."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

from tests.service.browser.payloads import CHARSETS, KINDS, filled

_TEMPLATES = [(kind, template) for kind, templates in KINDS.items() for template in templates]
SHOWN = [filled(template, number) for number, (_, template) in enumerate(_TEMPLATES)]
"""The payloads, each at the place of its number."""
KIND_OF = [kind for kind, _ in _TEMPLATES]
"""The kind of each."""


def letters() -> dict[str, bytes]:
    """A mail for each payload, by its number, and one for each charset, by its name."""
    found = {str(number): _everywhere(payload, number) for number, payload in enumerate(SHOWN)}
    for number, (charset, template) in enumerate(CHARSETS.items(), len(SHOWN)):
        body = filled(template, number).encode("latin-1")
        found[charset] = (
            _head("Charset", number) + f"Content-Type: text/html; charset={charset}\r\n\r\n".encode() + body
        )
    return found


def _everywhere(payload: str, number: int) -> bytes:
    line = " ".join(payload.split())
    name, word = quote(payload, safe=""), _word(payload)
    quoted = line.replace("\\", "\\\\").replace('"', '\\"')
    parts = (
        "Content-Type: text/plain; charset=utf-8",
        payload,
        "Content-Type: text/html; charset=utf-8",
        payload,
        f"Content-Type: text/html\r\nContent-Disposition: attachment; filename*=utf-8''{name}\r\nContent-ID: <{line}>",
        payload,
        f'Content-Type: image/svg+xml; name="{quoted}"\r\nContent-Disposition: attachment\r\nContent-ID: <x>',
        f"<svg xmlns='http://www.w3.org/2000/svg' onload='xss({number})'/>",
    )
    pairs = zip(parts[::2], parts[1::2], strict=True)
    body = "".join(f"--b\r\n{head}\r\n\r\n{content}\r\n" for head, content in pairs)
    more = (
        f'To: {word} <ann@example.org>, "{quoted}"@evil.example\r\nCc: {line}\r\nIn-Reply-To: <{line}>\r\n'
        f"X-Evil: {line}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    )
    return _head(payload, number) + (more + body + "--b--\r\n").encode()


def _head(shown: str, number: int) -> bytes:
    line = " ".join(shown.split())
    return (
        f"From: {_word(shown)} <eve{number}@evil.example>\r\nSubject: {_word(shown)}\r\n"
        f"Message-ID: <{number}.{line}@evil.example>\r\nDate: Tue, 5 Mar 2024 09:00:00 +0100\r\n"
    ).encode()


def _word(text: str) -> str:
    return f"=?utf-8?b?{b64encode(text.encode()).decode()}?="
