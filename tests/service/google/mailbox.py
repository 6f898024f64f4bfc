"""A mailbox as Gmail keeps it: messages with labels, and a history in which every change has its number."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

FIRST = 0x18C2_5E00_0000_0000
"""About what the ids of messages begin with; each is some more than the one before."""
STEP = 0x1_0357
SYSTEM = ("INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "CHAT", "UNREAD", "STARRED", "IMPORTANT", "CATEGORY_UPDATES")
HIDDEN = {"SPAM", "TRASH"}
DATE = 1_793_000_000_000
"""When the first message arrived, in ms since 1970; each one came a second after the one before."""


@dataclass
class Stored:
    """A message."""

    id: str
    raw: bytes
    labels: set[str]
    date: int
    thread: str


@dataclass
class GmailMailbox:
    """Threads may share it. Numbers of the history have gaps, as Gmail's have."""

    address: str = "ann@gmail.example"
    messages: dict[str, Stored] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=lambda: {name: name for name in SYSTEM})
    history: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    now: int = 1000
    oldest: int = 0
    """The history goes back to here."""

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._made = 0

    def deliver(self, raw: bytes, *labels: str, id_: str = "", thread: str = "") -> str:
        """A message arrives, unread in the inbox unless other labels are named; its id."""
        with self.lock:
            number, self._made = self._made, self._made + 1
            id_ = id_ or f"{FIRST + number * STEP:x}"
            stored = Stored(id_, raw, set(labels or ("INBOX", "UNREAD")), DATE + number * 1000, thread or id_)
            self.messages[id_] = stored
            self._note("messagesAdded", {"message": self._named(stored)})
            return id_

    def relabel(self, id_: str, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()) -> None:
        """A message gets and loses labels."""
        with self.lock:
            stored = self.messages[id_]
            stored.labels |= set(add)
            stored.labels -= set(remove)
            for kind, changed in (("labelsAdded", add), ("labelsRemoved", remove)):
                if changed:
                    self._note(kind, {"message": self._named(stored), "labelIds": list(changed)})

    def delete(self, id_: str) -> None:
        """A message is gone for ever."""
        with self.lock:
            gone = self.messages.pop(id_)
            self._note("messagesDeleted", {"message": self._named(gone)})

    def make_label(self, name: str) -> str:
        """A label of the user's own; its id."""
        with self.lock:
            id_ = f"Label_{len(self.labels)}"
            self.labels[id_] = name
            return id_

    def rename_label(self, id_: str, name: str) -> None:
        """No history tells of this."""
        with self.lock:
            self.labels[id_] = name

    def forget_history(self) -> None:
        """Gmail keeps it for a while only."""
        with self.lock:
            self.now += 7
            self.oldest = self.now
            self.history.clear()

    def profile(self) -> dict[str, Any]:
        """users.getProfile."""
        with self.lock:
            told = {"emailAddress": self.address, "historyId": str(self.now)}
            return told | {"messagesTotal": len(self.messages), "threadsTotal": len(self.messages)}

    def list_labels(self) -> dict[str, Any]:
        """users.labels.list."""
        with self.lock:
            kinds = {id_: "system" if id_ in SYSTEM else "user" for id_ in self.labels}
            return {"labels": [{"id": id_, "name": name, "type": kinds[id_]} for id_, name in self.labels.items()]}

    def list_messages(self, label: str, query: str, page: int, start: int) -> dict[str, Any]:
        """users.messages.list, the newest first; of the query `rfc822msgid:` alone is understood."""
        with self.lock:
            found = [one for one in self.messages.values() if not one.labels & (HIDDEN - {label})]
            found = [one for one in found if not label or label in one.labels]
            if query:
                wanted = query.removeprefix("rfc822msgid:").strip("<>").encode()
                found = [one for one in found if b"<" + wanted + b">" in one.raw]
            found.sort(key=lambda one: -one.date)
            some = found[start : start + page]
            told: dict[str, Any] = {"resultSizeEstimate": len(found)}
            if some:
                told["messages"] = [{"id": one.id, "threadId": one.thread} for one in some]
            if start + page < len(found):
                told["nextPageToken"] = str(start + page)
            return told

    def list_history(self, since: int, page: int, start: int) -> dict[str, Any] | None:
        """users.history.list; None where it does not go back so far."""
        with self.lock:
            if since < self.oldest:
                return None
            records = [dict(told, id=str(number)) for number, told in self.history if number > since]
            told: dict[str, Any] = {"historyId": str(self.now)}
            if records[start : start + page]:
                told["history"] = records[start : start + page]
            if start + page < len(records):
                told["nextPageToken"] = str(start + page)
            return told

    def _note(self, kind: str, change: dict[str, Any]) -> None:
        self.now += 3 + self.now % 5
        self.history.append((self.now, {"messages": [{"id": change["message"]["id"]}], kind: [change]}))

    @staticmethod
    def _named(stored: Stored) -> dict[str, Any]:
        return {"id": stored.id, "threadId": stored.thread, "labelIds": sorted(stored.labels)}
