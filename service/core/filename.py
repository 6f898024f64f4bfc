"""File names that strangers wrote, as names that every system can keep in one folder (RFC 6266, 4.3)."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 200  # bytes of UTF-8: file systems have 255, and browsers add words of their own
_LONGEST_EXTENSION = 20
_DROPPED = {"Cc", "Cf", "Co", "Cs", "Cn"}  # control, format (what turns the direction of writing), and no characters
_SEPARATORS = re.compile(r"[/\\]")
_FORBIDDEN = re.compile(r'[<>:"|?*]')  # by Windows
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)", re.IGNORECASE)


def safe_filename(declared: str, otherwise: str) -> str:
    """The last part of the declared path without what is special to any system; `otherwise` where nothing is left."""
    shown = unicodedata.normalize("NFC", "".join(map(_shown, declared)))
    last = next((part for part in reversed(_SEPARATORS.split(shown)) if part.strip(" .")), "")
    name = " ".join(_FORBIDDEN.sub("_", last).split()).strip(" .")
    if _DEVICE.match(name):
        name = f"_{name}"
    return _shortened(name) or otherwise


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _DROPPED else character


def _shortened(name: str) -> str:
    if len(name.encode()) <= _LONGEST:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _LONGEST_EXTENSION:
        stem, dot, extension = name, "", ""
    room = _LONGEST - len((dot + extension).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + dot + extension
