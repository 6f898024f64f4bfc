"""Names of files that strangers wrote."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.filename import safe_filename


@pytest.mark.parametrize(
    ("declared", "safe"),
    [
        ("Report 2026.pdf", "Report 2026.pdf"),
        ("grüße 日本.txt", "grüße 日本.txt"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\Windows\\win.ini", "win.ini"),
        ("C:\\autoexec.bat", "autoexec.bat"),
        ("C:autoexec.bat", "C_autoexec.bat"),
        ("folder/", "folder"),
        ("folder/..", "folder"),
        ("..", "otherwise"),
        ("", "otherwise"),
        (" . . ", "otherwise"),
        (".bashrc", "bashrc"),
        ("trailing. . .", "trailing"),
        ("nul\0l.txt", "null.txt"),
        ("two\r\nlines: x", "two lines_ x"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066a\u2069\u200f\ufeff.txt", "a.txt"),
        ("a\u2028b", "a b"),
        ('a"b<c>d|e?f*g', "a_b_c_d_e_f_g"),
        ("CON", "_CON"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("lpt¹ .txt", "_lpt¹ .txt"),
        ("console.txt", "console.txt"),
        ("half\ud800.txt", "half.txt"),
        ("e\u0301.txt", "é.txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("x" * 180 + "." + "y" * 100, "x" * 180 + "." + "y" * 19),
        ("日" * 300, "日" * 66),
    ],
)
def test_a_name_is_made_safe(declared: str, safe: str) -> None:
    """What is harmless in it stays, its extension too."""
    assert safe_filename(declared, "otherwise") == safe


PIECES = st.sampled_from(
    ["/", "\\", ".", "..", " ", "\0", "\n", "\u202e", "\u200d", "con", "nul", "com1", ":", '"', "%2f", "~", "é",
     "e\u0301", "\ud800", "日" * 100, "x" * 250, ".pdf", "\u037e", "\ue000"]
)  # fmt: skip
NAMES = st.lists(PIECES | st.characters()).map("".join)


@given(NAMES)
def test_any_name_is_one_name_in_one_folder(declared: str) -> None:
    """Nothing leads out of the folder, is special to a system, or hides what it is."""
    name = safe_filename(declared, "otherwise")
    assert PurePosixPath(name).name == name == PureWindowsPath(name).name
    assert name == name.strip(" .") != ""
    assert not re.search(r'[<>:"/\\|?*\0-\x1f\x7f]', name)
    assert not {unicodedata.category(character) for character in name} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)", name.partition(".")[0].strip(), re.IGNORECASE)
    assert len(name.encode()) <= 200


@given(NAMES)
def test_a_safe_name_stays_as_it_is(declared: str) -> None:
    """To make it safe again changes nothing."""
    once = safe_filename(declared, "otherwise")
    assert safe_filename(once, "again") == once
