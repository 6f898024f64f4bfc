"""Content-Type and Content-Disposition: a value and its parameters (RFC 2045, 5.1; RFC 2231)."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from service.core.mime.charset import decode, storable
from service.core.mime.words import decode_words

_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]++|\\.)*+"?|[^;]*+)', re.DOTALL)
_SECTION = re.compile(r"([^*]+)(?:\*([0-9]{1,4}))?(\*)?")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LONGEST = 16_384  # characters of one header value; what comes behind them is no parameter


def read_parameters(value: str) -> tuple[str, dict[str, str]]:
    """The value in lower case and its parameters by name in lower case, each decoded; of two, the first counts."""
    value = value[:_LONGEST]
    main, semicolon, _ = value.partition(";")
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    if semicolon:
        for name, text in _PARAMETER.findall(value, len(main)):
            section = _SECTION.fullmatch(name.lower())
            if section is None or not (section[2] or section[3]):
                plain.setdefault(name.lower(), decode_words(_unquoted(text)))
            else:
                extended = sections.setdefault(section[1], {})
                extended.setdefault(int(section[2] or 0), (_unquoted(text), bool(section[3])))
    for name, extended in sections.items():
        plain[name] = _joined(extended)
    return main.strip().lower(), plain


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text.strip()
    return _ESCAPED.sub(r"\1", text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:])


def _joined(sections: dict[int, tuple[str, bool]]) -> str:
    """The sections of one parameter in the order of their numbers; the first names the charset (RFC 2231, 4.1)."""
    charset = ""
    data = []
    for _, (text, percent) in sorted(sections.items()):
        declared = text.split("'", 2) if percent and not charset else []
        charset = declared[0] if len(declared) == 3 else charset
        encoded = declared[-1] if declared else text
        data.append(unquote_to_bytes(encoded) if percent else encoded.encode("utf-8", "replace"))
    return storable(decode(b"".join(data), charset)[0])
