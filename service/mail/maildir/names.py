"""What the names in a Maildir say (https://cr.yp.to/proto/maildir.html; Maildir++ for the folders)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imapclient.imap_utf7 import decode

from service.mail.source import INBOX

if TYPE_CHECKING:
    from collections.abc import Iterable

_FLAGS = {
    "D": "\\Draft",
    "F": "\\Flagged",
    "P": "$Forwarded",
    "R": "\\Answered",
    "S": "\\Seen",
    "T": "\\Deleted",
}


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a message's file: `key` is the part that stays, `flags` are as IMAP names them."""

    key: str
    flags: frozenset[str]


def parse(file: str) -> Name:
    """Read `KEY` or `KEY:2,FLAGS`. Any name can be read: letters that nobody knows are no flags."""
    unique, _, info = file.partition(":")
    letters = info.removeprefix("2,") if info.startswith("2,") else ""
    return Name(_text(unique), frozenset(_FLAGS[letter] for letter in letters if letter in _FLAGS))


def folder_names(directories: Iterable[str]) -> dict[str, str]:
    """The directories of Maildir++ subfolders by the names of the folders; `.A.B` is the folder A/B.

    Names are in modified UTF-7 (RFC 3501, 5.1.3). A directory whose name is none, or one that is taken, keeps it.
    """
    named: dict[str, str] = {}
    for directory in sorted(directories):
        name = _folder_name(directory)
        named[_text(directory) if name in named or name.upper() == INBOX else name] = directory
    return named


def _folder_name(directory: str) -> str:
    try:
        name = str(decode(directory.removeprefix(".").encode("ascii")))
        name.encode()
    except ValueError:
        return _text(directory)
    return name.replace(".", "/") if name.isprintable() else _text(directory)


def _text(name: str) -> str:
    """The name as text that can be stored: bytes that are not UTF-8 are spelled out."""
    return os.fsencode(name).decode(errors="backslashreplace")
