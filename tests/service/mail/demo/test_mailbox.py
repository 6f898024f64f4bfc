"""The mails of the demo: what they show to a newcomer, and that they bother nobody real."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.category import CATEGORIES
from service.core.mime import parse
from service.mail.demo.mailbox import AT_ONCE, SPAN, Mail, due, mails, moment

MADE = datetime(2026, 3, 1, 0, 30, 12, 345678, tzinfo=UTC)
_HOST = re.compile(rb"@((?:[\w-]+\.)+[\w-]+)|https?://([^/\s\"<>]+)")
_OURS = re.compile(rb"(.+\.)?example\.(org|com|net)|203\.0\.113\.\d+")  # RFC 2606, RFC 5737


def raw(mail: Mail, made_at: datetime = MADE) -> bytes:
    """The message as an account that was made then gets it."""
    return mail.raw(made_at, moment(mail.at, made_at) if mail.at else made_at)


def test_every_category_is_there() -> None:
    """About thirty mails, and no category that a newcomer would not see."""
    assert 30 <= len(mails()) <= 40
    assert {mail.category for mail in mails()} == set(CATEGORIES)


def test_the_table_names_every_file_once() -> None:
    """No mail is forgotten, and none is there twice."""
    there = {file.name for file in files("service.mail.demo").joinpath("mails").iterdir()}
    assert sorted(f"{mail.file}.eml" for mail in mails()) == sorted(there)


@pytest.mark.parametrize("mail", mails(), ids=lambda mail: mail.file)
def test_nobody_real_is_named(mail: Mail) -> None:
    """Every address and every link is in a name or a network that is kept for examples."""
    hosts = [address or link for address, link in _HOST.findall(raw(mail))]
    assert [host for host in hosts if not _OURS.fullmatch(host)] == []


@pytest.mark.parametrize("mail", mails(), ids=lambda mail: mail.file)
def test_the_bytes_are_the_same_each_time(mail: Mail) -> None:
    """After a restart a mail is the one that is there already; nothing of a blank is left in it."""
    first = raw(mail)
    assert first == raw(mail)
    assert b"{{" not in first
    assert re.search(rb"(?<!\r)\n", first) is None
    elsewhere = parse(raw(mail, MADE + timedelta(days=400)))
    assert parse(first).message_id == elsewhere.message_id


@pytest.mark.parametrize("mail", mails(), ids=lambda mail: mail.file)
def test_a_mail_reads_well(mail: Mail) -> None:
    """Even of a broken one there is something to read, and all of its characters."""
    email = parse(raw(mail))
    assert len(email.text) > 60
    assert "\ufffd" not in email.text + email.subject + str(email.sender)


@settings(deadline=None, max_examples=30)
@given(days=st.integers(-10_000, 10_000), second=st.integers(0, 86_399))
def test_they_are_of_the_last_days_whenever_that_is(days: int, second: int) -> None:
    """No mail is from the future or older than a week, and they come in the order of their dates."""
    made_at = MADE.replace(hour=0) + timedelta(days=days, seconds=second)
    dates = [moment(mail.at, made_at) if mail.at else due(number, made_at) for number, mail in enumerate(mails())]
    assert all(made_at - timedelta(days=7) < date <= made_at + SPAN for date in dates)
    assert dates[1:] == sorted(dates[1:])  # the first of all is the welcome
    for mail, date in zip(mails(), dates, strict=True):
        sent = parse(mail.raw(made_at, date)).sent
        assert sent == date.replace(microsecond=0) or mail.file == "no-headers"


def test_a_few_are_there_at_once_and_the_last_after_a_minute() -> None:
    """A newcomer sees mail at the first look, and sees it arrive at the second."""
    times = [due(number, MADE) for number in range(len(mails()))]
    assert times[AT_ONCE - 1] == MADE
    assert times[AT_ONCE] > MADE
    assert times[-1] == MADE + SPAN
    assert times == sorted(times)


def test_an_answer_comes_after_what_it_answers() -> None:
    """Threads grow as threads do; the only parents that are missing are of a list that Robin joined later."""
    seen: set[str] = set()
    orphans = set()
    for mail in mails():
        email = parse(raw(mail))
        if set(email.in_reply_to) - seen:
            orphans.add(mail.file)
        seen.add(email.message_id)
    assert orphans == {"compost"}


def test_what_is_broken_on_purpose_is_told() -> None:
    """Each broken mail has a defect in words, and no other one has any."""
    told = {mail.file: parse(raw(mail)).defects for mail in mails()}
    assert {file for file, defects in told.items() if defects} == {
        "budget", "frost", "minutes", "morfar", "no-headers", "scan", "treasure",
    }  # fmt: skip


def test_appointments_are_still_to_come() -> None:
    """An invitation of the demo is never one for yesterday."""
    invitations = [raw(mail) for mail in mails() if mail.category == "calendar"]
    for invitation in invitations:
        found = re.search(rb"DTSTART:(\d{8}T\d{6}Z)", invitation)
        assert found
        assert datetime.strptime(found[1].decode(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) > MADE
