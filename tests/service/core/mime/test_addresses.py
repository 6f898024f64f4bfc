"""Address lists as they are really written."""

from __future__ import annotations

from email.utils import formataddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.mime.addresses import read_addresses


@pytest.mark.parametrize(
    ("value", "mailboxes"),
    [
        ("", []),
        ("ada@example.org", [("", "ada@example.org")]),
        ("Ada <ADA@Example.org>", [("Ada", "ada@example.org")]),
        ('"Lovelace, Ada" <ada@example.org>', [("Lovelace, Ada", "ada@example.org")]),
        ('"Ada \\"Countess\\" L." <ada@example.org>', [('Ada "Countess" L.', "ada@example.org")]),
        ('"\\"Ada\\"" <ada@example.org>', [('"Ada"', "ada@example.org")]),
        ("ada@example.org (Ada Lovelace)", [("Ada Lovelace", "ada@example.org")]),
        (
            "ada@example.org (Ada (Countess) Lovelace), bob@example.org",
            [("Ada (Countess) Lovelace", "ada@example.org"), ("", "bob@example.org")],
        ),
        (
            "a@example.org; b@example.org,, c@example.org",
            [("", "a@example.org"), ("", "b@example.org"), ("", "c@example.org")],
        ),
        (
            "team: a@example.org, Bo <b@example.org>;, c@example.org",
            [("", "a@example.org"), ("Bo", "b@example.org"), ("", "c@example.org")],
        ),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?q?L=C3=B6we=2C_Ida?= <ida@example.org>", [("Löwe, Ida", "ida@example.org")]),
        ("Ada ada@example.org", [("Ada", "ada@example.org")]),
        ("ada@example.org <ada@example.org>", [("ada@example.org", "ada@example.org")]),
        ("<@relay.example,@other.example:ada@example.org>", [("", "ada@example.org")]),
        ('"ada lovelace"@example.org', [("", '"ada lovelace"@example.org')]),
        ("Ada <ada@example.org", [("Ada", "ada@example.org")]),
        ("<<ada@example.org>>", [("", "ada@example.org")]),
        ('"Ada <ada@example.org>', [("Ada", "ada@example.org")]),
        ('"Ada Lovelace"', []),
        ("Ada <a da@example.org>", [("Ada", "ada@example.org")]),
        ("root", [("", "root")]),
        ("root (Cron Daemon)", [("Cron Daemon", "root")]),
        ("Mailer Daemon", []),
        ("Ada <>", []),
        ("<" + "a" * 400 + "@example.org>", []),
    ],
)
def test_mailboxes_are_found(value: str, mailboxes: list[tuple[str, str]]) -> None:
    """Names are decoded, groups taken apart, comments are names where there is no other; without an address, none."""
    assert [(mailbox.name, mailbox.address) for mailbox in read_addresses(value)] == mailboxes


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
    lambda name: "=?" not in name
)


@given(
    st.lists(st.tuples(NAMES, st.from_regex(r"[a-z0-9.]{1,10}@[a-z0-9]{1,10}\.example", fullmatch=True)), max_size=5)
)
def test_what_the_standard_library_writes_is_read(pairs: list[tuple[str, str]]) -> None:
    """Whatever the names are made of."""
    value = ", ".join(map(formataddr, pairs))
    assert [(mailbox.name, mailbox.address) for mailbox in read_addresses(value)] == pairs


@given(
    st.lists(
        st.sampled_from(["<", ">", "(", ")", '"', "\\", ",", ";", ":", "@", " ", "a", "a@b", "=?utf-8?q?=00?="])
    ).map("".join)
)
def test_any_arrangement_of_signs_has_addresses_or_none(value: str) -> None:
    """Nothing raises, and an address is never empty."""
    assert all(mailbox.address and mailbox.address == mailbox.address.lower() for mailbox in read_addresses(value))
