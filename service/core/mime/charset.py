"""Bytes to text, whatever charset they claim to be in."""

from __future__ import annotations

import re
from encodings.aliases import aliases

_READ_AS = {  # what mail declares, and what its senders mean (WHATWG Encoding Standard, "Names and labels")
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
_NOT_CHARSETS = {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec", "mbcs"}
_UNKNOWN_TO_PYTHON = {
    "iso88598i": "iso8859_8",
    "iso88598e": "iso8859_8",
    "win1252": "cp1252",
    "xmacroman": "mac_roman",
    "xsjis": "cp932",
    "xgbk": "gb18030",
    "xeucjp": "euc_jp",
    "unicode11utf7": "utf_7",
}
_ASCII_IS_DIFFERENT = re.compile(r"utf_(7|16|32)|iso2022|hz|cp(037|273|424|500|1026|1140)")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def _key(label: str) -> str:
    return _SEPARATORS.sub("", label.lower())


def _codecs() -> dict[str, str]:
    names = {alias: codec for alias, codec in aliases.items() if codec not in _NOT_CHARSETS}
    names |= {codec: codec for codec in names.values()}
    return {_key(name): _READ_AS.get(codec, codec) for name, codec in names.items()} | _UNKNOWN_TO_PYTHON


# Only these: a look-up by name imports whatever the message names, and some of Python's codecs are quadratic.
CODECS = _codecs()


def decode(data: bytes, label: str = "") -> tuple[str, bool]:
    """The text of `data`, and whether it is in the charset that `label` names ("" says nothing, and is never wrong).

    UTF-8 is recognised under the labels that stand for "I do not know"; where nothing fits it is windows-1252.
    """
    codec = CODECS.get(_key(label[:64])) if label else "cp1252"
    if codec is None:
        return _guess(data), data.isascii()
    if data.isascii() and not _ASCII_IS_DIFFERENT.match(codec):
        return data.decode("ascii"), True
    if codec in ("ascii", "cp1252"):
        text = _guess(data)
        return text, not label or (codec == "cp1252" and text == data.decode("cp1252", "replace"))
    try:
        return data.decode(codec), True
    except UnicodeError:
        return (_guess(data) if codec == "utf_8" else data.decode(codec, "replace")), False


def storable(text: str) -> str:
    """The text without NUL, which PostgreSQL cannot store, and without lone surrogates, which nothing can encode."""
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _guess(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    strange = len(text) - len(text.encode("ascii", "ignore"))
    mostly_utf8 = text.count("\ufffd") * 2 < strange
    return text if mostly_utf8 else data.decode("cp1252", "replace")
