"""Content-Transfer-Encoding (RFC 2045, 6): to bytes, with what can be saved of broken ones."""

from __future__ import annotations

import binascii
import re

_IDENTITY = {"", "7bit", "8bit", "binary"}
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_PADDED = re.compile(rb"=[^=]*[A-Za-z0-9+/]")  # more after the padding: encoded in pieces
_PIECE = re.compile(rb"[^=]++")
_BROKEN_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*(?:\n|\Z))")


def decode_transfer(data: bytes, encoding: str) -> tuple[bytes, str]:
    """The decoded bytes, and what is wrong with the encoding in words, "" where nothing is. Lines end with LF."""
    if encoding in _IDENTITY:
        return data, ""
    if encoding == "base64":
        decoded, whole = decode_base64(data)
        return decoded, "" if whole else "a part of it is broken base64"
    if encoding == "quoted-printable":
        broken = _BROKEN_QUOTED.search(data)
        return binascii.a2b_qp(data), "a part of it is broken quoted-printable" if broken else ""
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _decode_uu(data), ""
    return data, "a part of it has an unknown transfer encoding"


def decode_base64(data: bytes) -> tuple[bytes, bool]:
    """The decoded bytes, and whether the encoding was whole. What is no letter of it is skipped (RFC 2045, 6.8)."""
    if not _PADDED.search(data):
        try:
            return binascii.a2b_base64(data), True
        except binascii.Error:
            pass
    decoded = bytearray()  # there may be millions of pieces
    for piece in _PIECE.finditer(data):
        decoded += _decode_piece(piece[0])
    return bytes(decoded), False


def _decode_piece(piece: bytes) -> bytes:
    letters = piece.translate(None, _NOT_BASE64)
    return binascii.a2b_base64(letters[: len(letters) - (len(letters) % 4 == 1)] + b"==")


def _decode_uu(data: bytes) -> bytes:
    decoded = []
    for line in data.split(b"\n"):
        if line == b"end":
            break
        length = (line[0] - 32) & 63 if line else 0  # bytes that the line says it holds
        if length * 4 <= (len(line) - 1) * 3 and not line.startswith(b"begin "):
            try:
                decoded.append(binascii.a2b_uu(line))
            except binascii.Error:
                continue
    return b"".join(decoded)
