"""How the inbox is brought to where the mailbox is: by its history, or by comparing the whole of it.

How far the history was read is the MODSEQ of the folder `ALL_MAIL`, and a fingerprint of the labels its UIDNEXT. They
move when all up to there is committed. What is brought again, after a crash in between, changes nothing.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from service.mail.batches import batches
from service.mail.gmail.api import Expired, Missing
from service.mail.gmail.identity import UIDVALIDITY
from service.mail.gmail.labels import ALL_MAIL, GONE, LEFT_OUT, SENT, Folders, State
from service.mail.source import INBOX, Arrival, Cursor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from service.mail.gmail.answers import History, Message
    from service.mail.gmail.api import Api
    from service.mail.source import Inbox

log = logging.getLogger("service.mail")

EXPIRED = "Gmail's history does not go back to where this mailbox was read to"
_AT_ONCE = 4
"""How many messages are fetched at the same time; as many lie in memory until they are stored."""
_TORN = frozenset({"torn"})
"""Among the flags of a message that has not the same in all of its folders, after a crash: so they are set again."""
_FIRST = (SENT, INBOX)  # what was written by the owner is known before the answers to it


class Mailbox:
    """What the inbox has of the mailbox, as far as it was told by us; made anew after any error."""

    def __init__(self, api: Api, inbox: Inbox) -> None:
        self._api = api
        self._inbox = inbox
        self._cursor = inbox.cursor(ALL_MAIL)
        self._folders = Folders(api.labels())
        self._known = self._load()

    def follow(self) -> None:
        """Bring what is new, changed or gone. Raises `SourceError`."""
        try:
            if not self._cursor.modseq or self._cursor.uidnext != self._folders.fingerprint:
                self._compare()  # for the first time, or labels got other names while nobody looked
            self._follow_history()
        except Expired:
            log.warning("%s: all of it is compared", EXPIRED)
            self._inbox.note_resync(EXPIRED)
            self._compare()
            self._follow_history()

    def _follow_history(self) -> None:
        for page in self._api.history(self._cursor.modseq):
            before, self._folders = self._folders, Folders(self._api.labels())  # with all that the page tells of
            if not self._folders.has_all_of(before):
                self._compare()
                return
            self._apply(page)
            more = page.next_page_token and page.history
            self._reach(max(page.history[-1].id if more else page.history_id, self._cursor.modseq))

    def _apply(self, page: History) -> None:
        """Have the inbox be as the mailbox was at the end of the page, or later."""
        labels: dict[int, frozenset[str]] = {}
        unknown: set[int] = set()

        def relabel(uid: int, told: frozenset[str], added: frozenset[str], removed: frozenset[str]) -> None:
            if uid in self._known and uid not in unknown:
                had = labels.get(uid, self._folders.labels(self._known[uid]))
                labels[uid] = (had | added) - removed
            elif not (told - removed) & LEFT_OUT:
                unknown.add(uid)

        for record in page.history:
            for new in record.messages_added:
                # One that is here was brought before a crash, and maybe not to all of its folders.
                if not new.message.label_ids & LEFT_OUT or new.message.id in self._known:
                    unknown.add(new.message.id)
            for got in record.labels_added:
                relabel(got.message.id, got.message.label_ids, got.label_ids, frozenset())
            for lost in record.labels_removed:
                relabel(lost.message.id, lost.message.label_ids, frozenset(), lost.label_ids)
            for gone in record.messages_deleted:
                unknown.discard(gone.message.id)
                labels[gone.message.id] = LEFT_OUT
        told = {uid: self._folders.state(now) for uid, now in labels.items() if uid not in unknown}
        self._bring_to(told, unknown)

    def _compare(self) -> None:
        """Compare all messages and their labels by lists of ids, and fetch those alone that are missing here."""
        reached = self._api.profile().history_id  # before the lists: what changes meanwhile comes with the history
        self._folders = Folders(self._api.labels())
        labels: dict[int, set[str]] = {uid: set() for uid in self._api.uids()}
        for label in self._folders.telling:
            for uid in self._api.uids(label):
                if uid in labels:
                    labels[uid].add(label)
        states = dict.fromkeys(self._known, GONE)
        states |= {uid: self._folders.state(frozenset(found)) for uid, found in labels.items()}
        self._bring_to(states)
        self._inbox.keep_folders(self._folders.names)
        self._reach(reached)

    def _bring_to(self, states: Mapping[int, State], unknown: Iterable[int] = ()) -> None:
        """Have messages here be like this. Those that a folder lacks are fetched, as `unknown` ones: they tell more."""
        lacking = {uid for uid, state in states.items() if state.folders - self._here(uid).folders}
        self._fetch(lacking.union(unknown))
        self._settle({uid: state for uid, state in states.items() if uid not in lacking})

    def _fetch(self, uids: Iterable[int]) -> None:
        """Fetch messages, in the order in which they arrived, and put them where they are missing."""
        found = ((message, len(message.raw or b"")) for message in self._fetched(sorted(uids)))
        for batch in batches(found):
            states = {message.id: self._folders.state(message.label_ids) for message in batch}
            placed: dict[str, list[Arrival]] = defaultdict(list)
            for message in batch:
                for folder in states[message.id].folders - self._here(message.id).folders:
                    placed[folder].append(_arrival(message, states[message.id]))
            for folder in _ordered(placed):
                self._inbox.deliver(folder, placed[folder], self._cursor_of(folder))
            for uid, state in states.items():
                before = self._here(uid)
                if state.folders:
                    flags = before.flags if before.folders else state.flags
                    self._known[uid] = State(before.folders | state.folders, flags)
            self._settle(states)

    def _settle(self, states: Mapping[int, State]) -> None:
        """Have messages leave the folders where they are no more, and have the flags that they have."""
        flags: dict[str, dict[int, frozenset[str]]] = defaultdict(dict)
        removed: dict[str, list[int]] = defaultdict(list)
        for uid, state in states.items():
            before = self._here(uid)
            for folder in before.folders - state.folders:
                removed[folder].append(uid)
            for folder in state.folders if state.flags != before.flags else ():
                flags[folder][uid] = state.flags
        for folder in _ordered(flags.keys() | removed.keys()):
            self._inbox.change(folder, flags[folder], removed[folder], self._cursor_of(folder))
        for uid, state in states.items():
            if state.folders:
                self._known[uid] = state
            else:
                self._known.pop(uid, None)

    def _here(self, uid: int) -> State:
        return self._known.get(uid, GONE)

    def _fetched(self, uids: Sequence[int]) -> Iterator[Message]:
        """The messages that are still there, in the order of `uids`, a few of them fetched ahead."""
        asked: deque[Future[Message]] = deque()
        with ThreadPoolExecutor(_AT_ONCE, "gmail") as pool:
            try:
                for uid in uids:
                    asked.append(pool.submit(self._api.message, uid))
                    if len(asked) == _AT_ONCE:
                        yield from _present(asked.popleft())
                while asked:
                    yield from _present(asked.popleft())
            finally:
                pool.shutdown(cancel_futures=True)

    def _load(self) -> dict[int, State]:
        known: dict[int, State] = {}
        states: dict[State, State] = {}  # there are few, and messages many
        for folder in self._folders.names:
            for one in self._inbox.known(folder, UIDVALIDITY):
                had = known.get(one.uid, State(flags=one.flags))
                torn = _TORN if had.flags != one.flags else frozenset()
                state = State(had.folders | {folder}, had.flags | one.flags | torn)
                known[one.uid] = states.setdefault(state, state)
        return known

    def _reach(self, history_id: int) -> None:
        cursor = Cursor(UIDVALIDITY, self._folders.fingerprint, history_id)
        if cursor != self._cursor:
            self._inbox.change(ALL_MAIL, {}, [], cursor)
            self._cursor = cursor

    def _cursor_of(self, folder: str) -> Cursor:
        if folder != ALL_MAIL:
            return Cursor(UIDVALIDITY)
        return Cursor(UIDVALIDITY, self._cursor.uidnext, self._cursor.modseq)


def _arrival(message: Message, state: State) -> Arrival:
    raw = message.raw
    return Arrival(
        uid=message.id,
        raw=message.header() if raw is None else raw,
        received_at=message.received_at,
        flags=state.flags,
        size=message.size_estimate if raw is None else len(raw),
        complete=raw is not None,
    )


def _present(asked: Future[Message]) -> Iterator[Message]:
    try:
        yield asked.result()
    except Missing:
        return  # gone since it was listed


def _ordered(folders: Iterable[str]) -> list[str]:
    return sorted(folders, key=lambda name: (name not in _FIRST, name != SENT, name == ALL_MAIL, name))
