"""A Maildir as a source, on real directories."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from service.mail.maildir import Maildir
from service.mail.source import SourceError
from tests.service.mail.inbox import MemoryInbox, letter, undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 100_000
FOREVER = 60.0


class Box:
    """A Maildir as a delivery agent and a mail program use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        make_folder(path)

    def deliver(self, subject: str, folder: str = ".", raw: bytes = b"") -> Path:
        """Write to tmp, then move to new."""
        self.count += 1
        name = f"{1_700_000_000 + self.count}.M{self.count}P1.host"
        partial = self.path / folder / "tmp" / name
        partial.write_bytes(raw or letter(subject))
        os.utime(partial, (self.count, self.count))
        return partial.rename(self.path / folder / "new" / name)


def make_folder(path: Path) -> None:
    """The three directories of a folder."""
    for kind in ("tmp", "new", "cur"):
        (path / kind).mkdir(parents=True)


def flagged(file: Path, letters: str) -> Path:
    """Move to cur, with these flags."""
    return file.rename(file.parent.parent / "cur" / f"{file.name.partition(':')[0]}:2,{letters}")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """An empty Maildir under the allowed root."""
    return Box(tmp_path / "mail" / "ann")


@pytest.fixture
def maildir(box: Box) -> Iterator[Maildir]:
    """The Maildir as a source."""
    source = make_source(box)
    yield source
    source.close()


def make_source(box: Box, **options: float) -> Maildir:
    """A source as after a restart."""
    return Maildir(box.path, [box.path.parent], size_limit=LIMIT, **options)


def listing(box: Box) -> list[str]:
    """Every name below the Maildir."""
    return sorted(str(path) for path in box.path.rglob("*"))


def test_messages_come_in_the_order_of_their_delivery(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """UIDs are made up in that order, by the time of the file."""
    late, early = box.deliver("late"), box.deliver("early")
    os.utime(late, (200, 200))
    flagged(early, "RS")
    maildir.sync(inbox)
    assert inbox.subjects() == ["early", "late"]
    assert inbox.flags() == {"early": {"\\Answered", "\\Seen"}, "late": set()}
    first = inbox.messages["INBOX", 1, 1]
    assert first.raw == letter("early")
    assert first.size == len(first.raw)
    assert first.received_at.isoformat() == "1970-01-01T00:00:02+00:00"
    assert inbox.cursor("INBOX").uidnext == 3


def test_nothing_is_written_moved_or_removed(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """A message in new stays there: that is the mail program's to change."""
    box.deliver("one")
    before = listing(box)
    maildir.sync(inbox)
    assert listing(box) == before


def test_a_second_sync_brings_only_what_is_new(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """Neither the same source nor one after a restart gives a message twice or another UID."""
    box.deliver("one")
    maildir.sync(inbox)
    for source in (maildir, make_source(box)):
        inbox.calls.clear()
        source.sync(inbox)
        assert set(inbox.calls) <= {"keep_folders"}
    box.deliver("two")
    make_source(box).sync(inbox)
    assert list(inbox.messages) == [("INBOX", 1, 1), ("INBOX", 1, 2)]


def test_flags_and_removals_are_followed(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """A message that moves from new to cur is the same one; one whose file is gone is removed."""
    read, deleted = box.deliver("read"), box.deliver("deleted")
    maildir.sync(inbox)
    flagged(read, "FS")
    deleted.unlink()
    maildir.sync(inbox)
    assert inbox.flags() == {"read": {"\\Flagged", "\\Seen"}}
    flagged(box.path / "cur" / f"{read.name}:2,FS", "")
    maildir.sync(inbox)
    assert inbox.flags() == {"read": set()}


def test_a_restart_sees_what_happened_meanwhile(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """What the inbox knows is enough to go on."""
    read, deleted = box.deliver("read"), box.deliver("deleted")
    maildir.sync(inbox)
    flagged(read, "S")
    deleted.unlink()
    make_source(box).sync(inbox)
    assert inbox.flags() == {"read": {"\\Seen"}}


def test_a_transaction_that_failed_is_tried_again(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """Nothing counts as known before the inbox has it."""
    read = box.deliver("one")
    maildir.sync(inbox)
    for change in ("flags", "arrival"):
        flagged(read, "S") if change == "flags" else box.deliver("two")
        inbox.before = fail
        with pytest.raises(ConnectionError):
            maildir.sync(inbox)
        inbox.before = undisturbed
        maildir.sync(inbox)
    assert inbox.flags() == {"one": {"\\Seen"}, "two": set()}


def fail(call: str) -> None:
    """As when the database goes away."""
    if call in ("deliver", "change"):
        raise ConnectionError


def test_subfolders_are_folders(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """Maildir++: each directory with a dot is a folder, and a folder that is gone is forgotten."""
    make_folder(box.path / ".Entw&APw-rfe")
    make_folder(box.path / ".Work.2026")
    box.deliver("draft", ".Entw&APw-rfe")
    box.deliver("plan", ".Work.2026")
    maildir.sync(inbox)
    assert inbox.subjects("Entwürfe") == ["draft"]
    assert inbox.subjects("Work/2026") == ["plan"]
    (box.path / ".Work.2026").rename(box.path.parent / "elsewhere")
    maildir.sync(inbox)
    assert inbox.subjects("Work/2026") == []
    assert inbox.subjects("Entwürfe") == ["draft"]


def test_partial_files_and_strangers_are_not_read(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """Neither tmp, nor names with a dot, nor directories, nor pipes, on which a reader would hang."""
    (box.path / "tmp" / "1.partial").write_bytes(letter("partial"))
    (box.path / "new" / ".hidden").write_bytes(letter("hidden"))
    (box.path / "cur" / "1.directory").mkdir()
    os.mkfifo(box.path / "cur" / "1.pipe")
    maildir.sync(inbox)
    assert inbox.subjects() == []


def test_symbolic_links_are_not_followed(box: Box, maildir: Maildir, inbox: MemoryInbox, tmp_path: Path) -> None:
    """Neither a link to a file nor one to a folder brings anything from outside."""
    outside = Box(tmp_path / "outside")
    secret = outside.deliver("secret")
    (box.path / "new" / "1.link").symlink_to(secret)
    (box.path / ".Link").symlink_to(outside.path)
    make_folder(box.path / ".Half")
    (box.path / ".Half" / "new").rmdir()
    (box.path / ".Half" / "new").symlink_to(outside.path / "new")
    with pytest.raises(SourceError, match=r"the folder 'Half' of the Maildir at .* cannot be read \(Not a directory\)"):
        maildir.sync(inbox)
    assert inbox.messages == {}
    (box.path / ".Half" / "new").unlink()
    maildir.sync(inbox)
    assert inbox.messages == {}


def test_a_maildir_outside_of_the_roots_is_refused(box: Box, inbox: MemoryInbox, tmp_path: Path) -> None:
    """Whether it is named so, by '..' or through a link; the root itself holds Maildirs and is none."""
    outside = Box(tmp_path / "outside")
    outside.deliver("secret")
    (box.path.parent / "link").symlink_to(outside.path)
    root = box.path.parent
    for path in (outside.path, root / ".." / "outside", root / "link", root):
        with pytest.raises(SourceError, match="outside of the directories that may be followed: choose one below"):
            Maildir(path, [root], size_limit=LIMIT).sync(inbox)
    assert inbox.messages == {}


def test_a_message_over_the_limit_comes_by_its_header(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """Its size is told, and that it is not all of it."""
    box.deliver("large", raw=letter("large", "x" * LIMIT))
    maildir.sync(inbox)
    large = inbox.messages["INBOX", 1, 1]
    assert large.raw == letter("large", "")[:-2]
    assert large.size > LIMIT
    assert not large.complete


def test_a_mailbox_comes_in_batches(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """A crash in the middle loses no more than the batch in flight, and nothing comes twice."""
    for number in range(250):
        box.deliver(f"{number}")
    inbox.before = lambda call: fail(call) if len(inbox.batches) == 2 else None
    with pytest.raises(ConnectionError):
        maildir.sync(inbox)
    inbox.before = undisturbed
    make_source(box).sync(inbox)
    assert inbox.batches == [100, 100, 50]
    assert inbox.subjects() == [f"{number}" for number in range(250)]


def test_large_messages_make_small_batches(box: Box, inbox: MemoryInbox) -> None:
    """No more than 8 MB are in memory at a time."""
    for number in range(3):
        box.deliver(f"{number}", raw=letter(f"{number}", "x" * 3_000_000))
    Maildir(box.path, [box.path.parent], size_limit=10_000_000).sync(inbox)
    assert inbox.batches == [2, 1]


def test_files_that_vanish_or_move_during_a_pass_are_no_error(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """Between the listing and the reading a mail program may do what it likes."""
    files = [box.deliver(f"{number:03}") for number in range(102)]

    def disturb(call: str) -> None:
        if call == "deliver" and files[100].exists():
            files[100].unlink()
            flagged(files[101], "S")

    inbox.before = disturb
    maildir.sync(inbox)
    assert len(inbox.subjects()) == 100
    maildir.sync(inbox)
    assert inbox.subjects()[100:] == ["101"]
    assert inbox.flags()["101"] == {"\\Seen"}


def test_a_file_that_cannot_be_read_holds_up_no_other(inbox: MemoryInbox) -> None:
    """The rest comes, and the owner learns how many do not."""
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        box = Box(Path(directory) / "ann")
        box.deliver("closed").chmod(0)
        box.deliver("open")
        with ordinary_user(), pytest.raises(SourceError, match=r"1 in the folder 'INBOX' \(Permission denied\): let "):
            make_source(box).sync(inbox)
        (box.path / "cur").chmod(0)
        with ordinary_user(), pytest.raises(SourceError, match="no Maildir that can be read at"):
            make_source(box).sync(inbox)
    assert inbox.subjects() == ["open"]


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Be one to whom the permissions of files apply."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_what_is_no_maildir_is_said_and_removes_nothing(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """As when its file system is not mounted."""
    box.deliver("one")
    maildir.sync(inbox)
    box.path.rename(box.path.parent / "moved")
    for mounted in (False, True):
        if mounted:
            box.path.mkdir()
        with pytest.raises(SourceError, match=r"there is no Maildir .*\(No such file or directory\): name a folder"):
            maildir.sync(inbox)
    box.path.rmdir()
    (box.path.parent / "moved").rename(box.path)
    maildir.sync(inbox)
    assert inbox.subjects() == ["one"]


def test_a_wait_ends_with_an_arrival(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """Also with one that came between the sync and the wait, and with a folder that was made since."""
    maildir.sync(inbox)
    box.deliver("between")
    assert waited(maildir) < FOREVER / 2
    maildir.sync(inbox)
    timer = threading.Timer(0.1, box.deliver, ["during"])
    timer.start()
    assert waited(maildir) < FOREVER / 2
    timer.join()
    maildir.sync(inbox)
    make_folder(box.path / ".New")
    while "New" not in inbox.cursors:
        assert waited(maildir) < FOREVER / 2
        maildir.sync(inbox)
        if not inbox.subjects("New"):
            box.deliver("first", ".New")
    assert inbox.subjects() == ["between", "during"]
    assert inbox.subjects("New") == ["first"]


def test_a_wait_does_not_end_for_other_programs_files(box: Box, inbox: MemoryInbox) -> None:
    """A partial delivery or an index that is written is no reason to list everything."""
    maildir = make_source(box, relist=FOREVER)
    maildir.sync(inbox)
    (box.path / "tmp" / "1.partial").write_bytes(b"")
    (box.path / "dovecot.index.log").write_bytes(b"")
    began = monotonic()
    maildir.wait(0.5)
    assert monotonic() - began >= 0.5
    maildir.close()


def test_a_maildir_that_is_made_anew_is_watched_again(box: Box, maildir: Maildir, inbox: MemoryInbox) -> None:
    """The kernel's watch is on the directory, not on its name."""
    maildir.sync(inbox)
    box.path.rename(box.path.parent / "old")
    make_folder(box.path)
    maildir.sync(inbox)
    maildir.wait(0.3)
    box.deliver("one")
    assert waited(maildir) < FOREVER / 2


def test_without_notifications_the_folders_are_listed_again(box: Box, inbox: MemoryInbox) -> None:
    """A wait ends after the time between two listings, which the caller's timeout only shortens."""
    maildir = make_source(box, relist=0.1)
    maildir.sync(inbox)
    assert waited(maildir) < FOREVER / 2
    maildir.close()


def test_an_interrupt_ends_a_wait_or_the_next_one(box: Box, inbox: MemoryInbox) -> None:
    """From another thread, whether there is a watch yet or not."""
    maildir = make_source(box, relist=FOREVER)
    for watched in (False, True):
        if watched:
            maildir.sync(inbox)
        maildir.interrupt()
        assert waited(maildir) < FOREVER / 2
        timer = threading.Timer(0.1, maildir.interrupt)
        timer.start()
        assert waited(maildir) < FOREVER / 2
        timer.join()
    maildir.close()
    maildir.close()


def waited(maildir: Maildir) -> float:
    """Seconds that a wait took."""
    began = monotonic()
    maildir.wait(FOREVER)
    return monotonic() - began
