"""A Maildir as a source: UIDs are made up as files are first seen, and the inbox remembers which is which."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from service.mail.batches import batches
from service.mail.maildir.folder import age, opened, read
from service.mail.maildir.watch import Watch
from service.mail.source import Arrival, Cursor, Known, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.mail.maildir.folder import File, Folder
    from service.mail.source import Inbox

UIDVALIDITY = 1
"""Always the same: which UID a file has is in the inbox alone."""
_RELIST = 30.0
"""Seconds after which the folders are listed again without a notification: network file systems send none."""


class Maildir:
    """The Maildir at `path`, which has to be under one of `roots` when all symbolic links are followed.

    Nothing in it is written, renamed or removed. Of a message over `size_limit` bytes only the header is read.
    """

    def __init__(self, path: Path, roots: Sequence[Path], *, size_limit: int, relist: float = _RELIST) -> None:
        self._path = path
        self._roots = roots
        self._size_limit = size_limit
        self._relist = relist
        self._watch = Watch(path)
        self._folders: dict[str, _Read] = {}

    def sync(self, inbox: Inbox) -> None:
        """Bring what is new, changed or gone in every folder."""
        if not is_inside(self._path, self._roots):
            raise SourceError(
                f"the Maildir {self._path} is outside of the directories that may be followed: choose one below "
                f"{' or '.join(map(str, self._roots))}, or ask the operator to add its directory to MAILDIR_ROOTS"
            )
        self._watch.update()
        known, self._folders = self._folders, {}  # what is known is only sure when the inbox has accepted all of it
        problems = []
        with opened(Path(os.path.realpath(self._path))) as folders:
            names = [folder.name for folder in folders]
            if names != list(known):
                inbox.keep_folders(names)
            for folder in folders:
                state = known.get(folder.name) or _Read(inbox, folder.name)
                try:
                    problems += state.bring(inbox, folder, self._size_limit)
                except SourceError as error:
                    problems.append(str(error))
                known[folder.name] = state
        self._folders = {name: known[name] for name in names}
        if problems:
            raise SourceError(
                f"not all of the Maildir at {self._path} can be read: {'; '.join(problems)}: "
                "let the service's user read its folders and files"
            )

    def wait(self, timeout: float) -> None:
        """Return when files have come, gone or been renamed, or when it is time to list them again."""
        self._watch.wait(min(timeout, self._relist))

    def interrupt(self) -> None:
        """Have a `wait` return."""
        self._watch.interrupt()

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()


class _Read:
    """What the inbox has of a folder."""

    def __init__(self, inbox: Inbox, folder: str) -> None:
        self._known = {known.key: known for known in inbox.known(folder, UIDVALIDITY)}
        self._uidnext = max(inbox.cursor(folder).uidnext, 1)

    def bring(self, inbox: Inbox, folder: Folder, limit: int) -> list[str]:
        """Have the inbox note how the folder differs; returns what could not be read, in words."""
        files = folder.files()
        problems = self._deliver(inbox, folder.name, files, limit)
        flags = {
            known.uid: files[key].flags
            for key, known in self._known.items()
            if key in files and files[key].flags != known.flags
        }
        removed = self._known.keys() - files.keys()
        if removed:  # a file that is renamed during a listing may be in none of it, but not twice
            removed -= folder.files().keys()
        if flags or removed:
            uids = sorted(self._known[key].uid for key in removed)
            inbox.change(folder.name, flags, uids, Cursor(UIDVALIDITY, self._uidnext))
        self._known = {
            key: Known(known.uid, flags.get(known.uid, known.flags), key)
            for key, known in self._known.items()
            if key not in removed
        }
        return problems

    def _deliver(self, inbox: Inbox, name: str, files: dict[str, File], limit: int) -> list[str]:
        new = [(*age(file), key) for key, file in files.items() if key not in self._known]
        sized = ((key, min(size, limit)) for _, size, key in sorted(new, key=lambda one: (one[0], one[2])))
        unreadable: dict[str, int] = {}
        for keys in batches(sized):
            arrivals = self._arrivals(((key, files[key]) for key in keys), limit, unreadable)
            if not arrivals:
                continue
            uidnext = arrivals[-1].uid + 1
            inbox.deliver(name, arrivals, Cursor(UIDVALIDITY, uidnext))
            self._uidnext = uidnext
            self._known.update((one.key, Known(one.uid, one.flags, one.key)) for one in arrivals)
        return [f"{count} in the folder '{name}' ({reason})" for reason, count in unreadable.items()]

    def _arrivals(self, files: Iterable[tuple[str, File]], limit: int, unreadable: dict[str, int]) -> list[Arrival]:
        arrivals: list[Arrival] = []
        for key, file in files:
            try:
                content = read(file, limit)
            except OSError as error:
                reason = error.strerror or str(error)
                unreadable[reason] = unreadable.get(reason, 0) + 1
                continue
            if content is not None:
                arrivals.append(
                    Arrival(
                        uid=self._uidnext + len(arrivals),
                        raw=content.raw,
                        received_at=content.received_at,
                        flags=file.flags,
                        size=content.size,
                        complete=content.complete,
                        key=key,
                    )
                )
        return arrivals


def is_inside(path: Path, roots: Iterable[Path]) -> bool:
    """Whether the path is below one of the roots, wherever symbolic links lead."""
    real = Path(os.path.realpath(path))
    allowed = [Path(os.path.realpath(root)) for root in roots]
    return any(real != root and real.is_relative_to(root) for root in allowed)
