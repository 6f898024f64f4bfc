"""The names of a Maildir's files and folders."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imapclient.imap_utf7 import encode

from service.mail.maildir.names import folder_names, parse

FILES = st.binary(min_size=1).filter(lambda name: not set(name) & {0, ord("/")}).map(os.fsdecode)


@pytest.mark.parametrize(
    ("file", "key", "flags"),
    [
        ("1.M2P3.host", "1.M2P3.host", set()),
        ("1.M2P3.host:2,", "1.M2P3.host", set()),
        ("1.M2P3.host:2,FS", "1.M2P3.host", {"\\Flagged", "\\Seen"}),
        ("1.M2P3.host,S=12,W=13:2,DPRT", "1.M2P3.host,S=12,W=13", {"\\Draft", "$Forwarded", "\\Answered", "\\Deleted"}),
        ("1.host:2,Sab?", "1.host", {"\\Seen"}),
        ("1.host:1,S", "1.host", set()),
        (":2,S", "", {"\\Seen"}),
        (os.fsdecode(b"1.\xff:2,S"), "1.\\xff", {"\\Seen"}),
    ],
)
def test_a_file_name_has_a_key_and_flags(file: str, key: str, flags: set[str]) -> None:
    """The part before the colon stays; the letters after ':2,' come and go."""
    name = parse(file)
    assert (name.key, set(name.flags)) == (key, flags)


@given(FILES, st.text("DFPRSTabz,:2"))
def test_flags_never_change_the_key(file: str, letters: str) -> None:
    """Any name can be read and stored, and is the same message with other letters behind it."""
    name = parse(file)
    assert parse(f"{file.partition(':')[0]}:2,{letters}").key == name.key
    name.key.encode()
    assert ":" not in name.key


@given(st.lists(FILES.map(lambda name: f".{name}"), unique=True))
def test_every_folder_has_a_name_of_its_own(directories: list[str]) -> None:
    """No directory is lost, whatever it is called, and none passes for the inbox."""
    named = folder_names(directories)
    assert sorted(named.values()) == sorted(directories)
    assert "INBOX" not in {name.upper() for name in named}
    "".join(named).encode()


@given(st.text(st.characters(categories=["L", "N"]), min_size=1))
def test_folder_names_are_in_modified_utf7(name: str) -> None:
    """A folder is called what its owner calls it, in any script."""
    directory = "." + encode(name).decode("ascii")
    if name.upper() != "INBOX":
        assert folder_names([directory]) == {name: directory}


def test_dots_divide_a_folder_from_those_inside_it() -> None:
    """`.Work.2026` is the folder 2026 in Work."""
    assert folder_names([".Work", ".Work.2026", ".INBOX"]) == {
        "Work": ".Work",
        "Work/2026": ".Work.2026",
        ".INBOX": ".INBOX",
    }
