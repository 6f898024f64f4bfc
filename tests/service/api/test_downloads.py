"""The headers of downloads."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.downloads import as_file, disposition
from service.core.filename import safe_filename


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.pdf", 'attachment; filename="a b.pdf"'),
        ("grüße.txt", "attachment; filename=\"gr__e.txt\"; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ('a"; filename=b', "attachment; filename=\"a_; filename=b\"; filename*=UTF-8''a%22%3B%20filename%3Db"),
    ],
)
def test_a_name_is_told_to_old_and_new_browsers(name: str, header: str) -> None:
    """In ASCII for the ones, and where that is not the name, whole for the others."""
    assert disposition(name) == header


@given(st.text())
def test_any_name_stays_within_its_header(declared: str) -> None:
    """One line of ASCII with the parameters that are meant; read as RFC 6266 says, it is the name again."""
    name = safe_filename(declared, "otherwise")
    header = as_file(name)["Content-Disposition"]
    match = re.fullmatch(
        r"attachment; filename=\"([ !#-$&-\[\]-~]+)\"(?:; filename\*=UTF-8''([\w.~%-]+))?", header, re.ASCII
    )
    assert match
    assert (unquote(match[2]) if match[2] else match[1]) == name
