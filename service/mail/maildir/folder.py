"""The files of a Maildir, only read: by descriptors of its directories, so that no symbolic link leads out of it."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.mail.batches import HEADER, header
from service.mail.maildir.names import folder_names, parse
from service.mail.source import INBOX, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = ("new", "cur")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # without waiting for the writer of a pipe
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class File:
    """A message's file: the descriptor of its directory, its name there, and the flags in that name."""

    directory: int
    name: str
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Content:
    """What was in a message's file: all of it, or the header alone when it is over the size limit."""

    raw: bytes
    size: int
    complete: bool
    received_at: datetime
    """When the file was last written (UTC), which is when it was delivered."""


class Folder:
    """A folder that is open; `name` is the one that people see."""

    def __init__(self, name: str, kinds: list[int]) -> None:
        self.name = name
        self._kinds = kinds

    def files(self) -> dict[str, File]:
        """The messages by their keys. Raises `SourceError`."""
        found = {}
        try:
            for directory in self._kinds:  # new before cur: what is moved meanwhile is seen twice, not never
                with os.scandir(directory) as entries:
                    for entry in entries:
                        if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                            name = parse(entry.name)
                            found[name.key] = File(directory, entry.name, name.flags)
        except OSError as error:
            raise SourceError(f"the folder '{self.name}' cannot be listed ({error.strerror or error})") from None
        return found


def read(file: File, limit: int) -> Content | None:
    """What is in the file, None when it is not there any more. Raises `OSError`."""
    try:
        descriptor = os.open(file.name, _FILE, dir_fd=file.directory)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        complete = status.st_size <= limit
        raw = opened.read(limit) if complete else header(opened.read(HEADER))
        return Content(raw, status.st_size, complete, _time(status.st_mtime))


def age(file: File) -> tuple[int, int]:
    """When the file was last written, in nanoseconds, and its size in bytes; zeros when it is gone."""
    try:
        status = os.stat(file.name, dir_fd=file.directory, follow_symlinks=False)
    except FileNotFoundError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


@contextmanager
def opened(path: Path) -> Iterator[list[Folder]]:
    """The folders of the Maildir at `path`, the inbox first. Raises `SourceError` when it is none."""
    with ExitStack() as stack:
        try:
            root = _open(stack, str(path), None)
            kinds = [_open(stack, kind, root) for kind in KINDS]
        except OSError as error:
            raise SourceError(
                f"there is no Maildir that can be read at {path} ({error.strerror or error}): "
                "name a folder with 'new' and 'cur' in it, and let the service's user read all three"
            ) from None
        folders = [Folder(INBOX, kinds)]
        for name, directory in subfolders(root).items():
            try:
                inside = _open(stack, directory, root)
                folders.append(Folder(name, [_open(stack, kind, inside) for kind in KINDS]))
            except FileNotFoundError:
                pass  # removed, or still being made
            except OSError as error:
                raise SourceError(
                    f"the folder '{name}' of the Maildir at {path} cannot be read ({error.strerror or error}): "
                    "let the service's user read it"
                ) from None
        yield folders


def subfolders(root: int | Path) -> dict[str, str]:
    """The directories of the subfolders by the folders' names."""
    with os.scandir(root) as entries:
        return folder_names(
            entry.name
            for entry in entries
            if entry.name.startswith(".") and len(entry.name) > 1 and entry.is_dir(follow_symlinks=False)
        )


def _open(stack: ExitStack, path: str, inside: int | None) -> int:
    descriptor = os.open(path, _DIRECTORY, dir_fd=inside)
    stack.callback(os.close, descriptor)
    return descriptor


def _time(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError):
        return _EPOCH
