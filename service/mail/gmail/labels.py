"""Labels as folders and flags, named as Gmail itself names them over IMAP.

INBOX, SENT and the labels of the user are folders, and a message is in as many as it has labels. One that has none of
them is in `ALL_MAIL`: it is archived. UNREAD and STARRED are flags. Drafts, chats, spam and the trash are left out;
other labels are views of what is elsewhere.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.mail.source import INBOX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.mail.gmail.answers import Labels

SENT = "[Gmail]/Sent Mail"
ALL_MAIL = "[Gmail]/All Mail"
LEFT_OUT = frozenset({"CHAT", "DRAFT", "SPAM", "TRASH"})
UNREAD, STARRED = "UNREAD", "STARRED"
_SYSTEM = {"INBOX": INBOX, "SENT": SENT}


@dataclass(frozen=True, slots=True)
class State:
    """Where a message is, and its flags as IMAP names them; in no folder when it is gone or left out."""

    folders: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()


GONE = State()


class Folders:
    """The folders that a mailbox has, by the ids of their labels."""

    def __init__(self, labels: Labels) -> None:
        own = {label.id: label.name for label in labels.labels if label.type == "user" and not _is_taken(label.name)}
        self._by_label: Mapping[str, str] = own | _SYSTEM
        views = {label.id for label in labels.labels} & LEFT_OUT
        self.telling = (*self._by_label, UNREAD, STARRED, *sorted(views))
        """The labels that tell what a message is."""

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self._by_label.values()) | {ALL_MAIL}

    @property
    def fingerprint(self) -> int:
        """Tells these labels and names from others; never 0."""
        told = "\0".join(f"{label}\0{name}" for label, name in sorted(self._by_label.items()))
        return zlib.crc32(told.encode("utf-8", "replace")) + 1

    def has_all_of(self, others: Folders) -> bool:
        """Whether all that `others` has is here, under the same name."""
        return others._by_label.items() <= self._by_label.items()

    def state(self, labels: frozenset[str]) -> State:
        """What a message with these labels is."""
        if labels & LEFT_OUT:
            return GONE
        flags = {"\\Seen"} if UNREAD not in labels else set()
        if STARRED in labels:
            flags.add("\\Flagged")
        folders = frozenset(self._by_label[label] for label in labels & self._by_label.keys())
        return State(folders or frozenset({ALL_MAIL}), frozenset(flags))

    def labels(self, state: State) -> frozenset[str]:
        """The labels of a message that is like this, as far as they matter."""
        labels = {label for label, name in self._by_label.items() if name in state.folders}
        if "\\Seen" not in state.flags:
            labels.add(UNREAD)
        if "\\Flagged" in state.flags:
            labels.add(STARRED)
        return frozenset(labels)


def _is_taken(name: str) -> bool:
    return name.upper() == INBOX or name.startswith("[Gmail]/")
