"""Encoded words in headers (RFC 2047)."""

from __future__ import annotations

import binascii
import re

from service.core.mime.charset import decode, storable
from service.core.mime.transfer import decode_base64

_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")


def decode_words(value: str) -> str:
    """The header value with its encoded words decoded; what is not well-formed stays as it is."""
    if "=?" not in value:
        return value
    pieces: list[str] = []
    encoded: list[bytes] = []  # words of one charset in a row; senders cut characters in two between them
    charset = ""
    end = 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        label = word[1].partition("*")[0]  # RFC 2231, 5: the language comes behind an asterisk
        if not encoded or label != charset or not (between == "" or between.isspace()):
            pieces.append(decode(b"".join(encoded), charset)[0])
            if not (encoded and between.isspace()):  # blanks between two words are no text
                pieces.append(between)
            encoded = []
        encoded.append(_bytes_of(word[2], word[3]))
        charset, end = label, word.end()
    pieces.append(decode(b"".join(encoded), charset)[0])
    pieces.append(value[end:])
    return storable("".join(pieces))


def _bytes_of(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    return decode_base64(data)[0] if encoding in "bB" else binascii.a2b_qp(data, header=True)
