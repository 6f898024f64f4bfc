"""The mails of the demo, which always look like those of the last days.

A file may have `{{…}}` in it, and each is filled in when the mail is delivered: `{{date}}` is the mail's own date in
the form of a header (RFC 5322), and `{{-2 14:05 %d.%m.%Y}}` is a time as strftime writes it: here 14:05 UTC, two days
before the account was made. All depends on that one moment alone, so a mail has the same bytes each time.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from email.utils import format_datetime
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.core.category import Category

KIND = "demo"
ADDRESS = "you@example.org"
"""Whose mailbox it is."""
AT_ONCE = 6
"""Mails that are there from the first moment."""
SPAN = timedelta(seconds=60)
"""How long it takes until all are there."""

_BLANK = re.compile(rb"\{\{(.*?)\}\}")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of the demo. `at` is the day, from the account's first one, and the time (UTC); "" is when it arrives."""

    file: str
    category: Category
    folder: str = "INBOX"
    at: str = ""
    flags: tuple[str, ...] = ()

    def raw(self, made_at: datetime, date: datetime) -> bytes:
        """The message (RFC 5322) as an account that was made at `made_at` gets it with this date."""

        def fill(blank: re.Match[bytes]) -> bytes:
            words = blank[1].decode()
            return (format_datetime(date) if words == "date" else _written(words, made_at)).encode()

        text = files(__package__).joinpath("mails", f"{self.file}.eml").read_bytes()
        return _BLANK.sub(fill, text).replace(b"\n", b"\r\n")


@functools.cache
def mails() -> tuple[Mail, ...]:
    """All of them, in the order in which they arrive."""
    table = tomllib.loads(files(__package__).joinpath("mailbox.toml").read_text(encoding="utf-8"))
    return tuple(Mail(**{**row, "flags": tuple(row.get("flags", ()))}) for row in table["mail"])


def due(number: int, made_at: datetime) -> datetime:
    """When the mail at this place of the order (0 is the first) arrives in an account that was made at `made_at`."""
    later = max(0, number - AT_ONCE + 1)
    return made_at + SPAN * later / (len(mails()) - AT_ONCE)


def moment(at: str, made_at: datetime) -> datetime:
    """A day, counted from that of `made_at`, and a time of it: "-2 14:05"."""
    days, clock = at.split()
    return datetime.combine(made_at.date() + timedelta(days=int(days)), time.fromisoformat(clock), made_at.tzinfo)


def _written(words: str, made_at: datetime) -> str:
    days, clock, form = words.split(maxsplit=2)
    return moment(f"{days} {clock}", made_at).strftime(form)
