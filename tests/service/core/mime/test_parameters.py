"""Content-Type and Content-Disposition with their parameters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.mime.parameters import read_parameters


@pytest.mark.parametrize(
    ("value", "main", "parameters"),
    [
        ("", "", {}),
        ("Text/HTML", "text/html", {}),
        ("text/plain; charset=UTF-8; Format=flowed", "text/plain", {"charset": "UTF-8", "format": "flowed"}),
        ('multipart/mixed; boundary="a;b=\\"c\\""', "multipart/mixed", {"boundary": 'a;b="c"'}),
        ('a/b; name="unclosed', "a/b", {"name": "unclosed"}),
        ("a/b ;name = x ; ; y", "a/b", {"name": "x"}),
        ("a/b; name=first; name=second", "a/b", {"name": "first"}),
        ("attachment; filename*=utf-8'de'gr%C3%BC%C3%9Fe.txt", "attachment", {"filename": "grüße.txt"}),
        ("attachment; filename*1=b.txt; filename*0=a", "attachment", {"filename": "ab.txt"}),
        ("attachment; filename*0*=utf-8''gr%C3; filename*1*=%BC; filename*2=n", "attachment", {"filename": "grün"}),
        ("attachment; filename=old.txt; filename*=utf-8''new.txt", "attachment", {"filename": "new.txt"}),
        ('attachment; filename="=?utf-8?q?gr=C3=BCn?="', "attachment", {"filename": "grün"}),
        ("attachment; filename*=broken%", "attachment", {"filename": "broken%"}),
    ],
)
def test_parameters_are_read_as_they_are_written(value: str, main: str, parameters: dict[str, str]) -> None:
    """Quotes, continuations, percent signs with a charset (RFC 2231), and encoded words where they do not belong."""
    assert read_parameters(value) == (main, parameters)


@given(
    st.lists(
        st.sampled_from([";", "=", '"', "\\", "*", "'", "%", "%C3", "name", "0", "1", " ", "utf-8", "ä", "\udcff"])
    ).map("".join)
)
def test_any_value_has_parameters_or_none(value: str) -> None:
    """Nothing raises."""
    main, parameters = read_parameters(value)
    assert main == main.lower()
    assert all(name == name.lower() for name in parameters)
