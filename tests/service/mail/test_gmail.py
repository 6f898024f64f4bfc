"""A mailbox at Gmail, followed by its history; against a server of ours with real HTTP and a real history."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from service.mail.gmail.api import Api
from service.mail.gmail.grant import Grant
from service.mail.gmail.identity import uid_of
from service.mail.gmail.labels import ALL_MAIL, SENT
from service.mail.gmail.mailbox import EXPIRED
from service.mail.gmail.quota import GET, SEND, Quota
from service.mail.gmail.registration import Registration
from service.mail.gmail.settings import GmailSettings
from service.mail.gmail.source import Gmail
from service.mail.source import NeedsReauth, SourceError
from tests.service.google.server import CLIENT_ID, CLIENT_SECRET, GoogleServer
from tests.service.google.server import SEND as SCOPE_TO_SEND
from tests.service.mail.inbox import MemoryInbox, letter, undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service.google.mailbox import GmailMailbox

MESSAGES = "/gmail/v1/users/me/messages"
HISTORY = "/gmail/v1/users/me/history"
LIMIT = 20_000


class Follower:
    """Follows the server's mailbox as a worker does: after an error with a new source and the same inbox."""

    def __init__(self, google: GoogleServer, inbox: MemoryInbox) -> None:
        self.google = google
        self.inbox = inbox
        self.kept: list[str] = []
        self.secret = google.grant()
        self.client_secret = CLIENT_SECRET
        self._source: Gmail | None = None

    def sync(self) -> None:
        """One pass."""
        source = self._source = self._source or self.open()
        try:
            source.sync(self.inbox)
        except BaseException:
            self.close()
            raise

    def open(self, **options: Any) -> Gmail:
        """A new source."""
        registration = Registration(CLIENT_ID, SecretStr(self.client_secret), self.google.url, self.google.url)
        quota = Quota(per_second=100_000)
        given: dict[str, Any] = {"size_limit": LIMIT, "timeout": 20.0, "first_pause": 0.01, "quota": quota} | options
        return Gmail(GmailSettings(), registration, self.secret, self.keep, **given)

    def keep(self, secret: str) -> None:
        """A new refresh token in place of the one that was."""
        self.kept.append(secret)
        self.secret = secret

    def close(self) -> None:
        """Forget all but what the inbox has."""
        if self._source is not None:
            self._source.close()
            self._source = None


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    """A Google whose lists have few entries a page."""
    with GoogleServer(page=7) as server:
        yield server


@pytest.fixture
def mailbox(google: GoogleServer) -> GmailMailbox:
    """What is at Gmail."""
    return google.mailbox


@pytest.fixture
def follower(google: GoogleServer, inbox: MemoryInbox) -> Iterator[Follower]:
    """Who follows it."""
    made = Follower(google, inbox)
    yield made
    made.close()


def folders(inbox: MemoryInbox, id_: str) -> set[str]:
    """Where a message is."""
    return {folder for folder, _, uid in inbox.messages if uid == uid_of(id_)}


def flags(inbox: MemoryInbox, id_: str) -> set[str]:
    """The flags of a message, which are the same wherever it is."""
    [found] = {arrival.flags for place, arrival in inbox.messages.items() if place[2] == uid_of(id_)}
    return set(found)


def test_a_mailbox_is_brought_page_by_page(mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox) -> None:
    """In the order in which the messages arrived, byte for byte, with the time at which Gmail got them."""
    sent = [mailbox.deliver(letter(f"Number {number}")) for number in range(20)]
    follower.sync()
    assert inbox.subjects() == [f"Number {number}" for number in range(20)]
    for number, id_ in enumerate(sent):
        arrival = inbox.messages["INBOX", 1, uid_of(id_)]
        assert arrival.raw == letter(f"Number {number}")
        assert arrival.received_at.timestamp() * 1000 == mailbox.messages[id_].date
        assert (arrival.size, arrival.complete) == (len(arrival.raw), True)


def test_labels_are_folders_and_flags(mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox) -> None:
    """A message is in as many folders as it has labels; one without any is archived, and some are left out."""
    work = mailbox.make_label("Work/Plans")
    both = mailbox.deliver(letter("Both"), "INBOX", work, "UNREAD", "IMPORTANT", "CATEGORY_UPDATES")
    sent = mailbox.deliver(letter("Sent"), "SENT", "STARRED")
    archived = mailbox.deliver(letter("Archived"), "IMPORTANT")
    for label in ("SPAM", "TRASH", "DRAFT", "CHAT"):
        mailbox.deliver(letter(label), label, "UNREAD")
    follower.sync()
    assert folders(inbox, both) == {"INBOX", "Work/Plans"}
    assert folders(inbox, sent) == {SENT}
    assert folders(inbox, archived) == {ALL_MAIL}
    assert (flags(inbox, both), flags(inbox, sent)) == (set(), {"\\Seen", "\\Flagged"})
    assert len(inbox.messages) == 4


def test_changes_are_followed_by_the_history(mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox) -> None:
    """New mail is fetched, labels and flags are told by the history alone, and what is deleted is gone."""
    work = mailbox.make_label("Work")
    first, second, third = (mailbox.deliver(letter(name)) for name in ("First", "Second", "Third"))
    follower.sync()
    follower.google.asked.clear()
    new = mailbox.deliver(letter("New"))
    mailbox.relabel(first, remove=("UNREAD",))
    mailbox.relabel(first, add=("STARRED",))
    mailbox.relabel(second, add=(work,), remove=("INBOX",))
    mailbox.delete(third)
    follower.sync()
    assert inbox.subjects() == ["First", "New"]
    assert flags(inbox, first) == {"\\Seen", "\\Flagged"}
    assert (folders(inbox, second), folders(inbox, third)) == ({"Work"}, set())
    fetched = [asked.path for asked in follower.google.asked if asked.path.startswith(f"{MESSAGES}/")]
    assert sorted(fetched) == sorted([f"{MESSAGES}/{second}", f"{MESSAGES}/{new}"])
    mailbox.relabel(first, add=("UNREAD",), remove=("STARRED",))
    follower.sync()
    assert flags(inbox, first) == set()


@pytest.mark.parametrize("label", ["TRASH", "SPAM"])
def test_what_is_thrown_away_may_come_back(
    mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox, label: str
) -> None:
    """In the trash it is gone here, and out of it it is here again."""
    message = mailbox.deliver(letter("Hello"))
    follower.sync()
    mailbox.relabel(message, add=(label,), remove=("INBOX",))
    follower.sync()
    assert inbox.messages == {}
    mailbox.relabel(message, add=("INBOX",), remove=(label,))
    follower.sync()
    assert folders(inbox, message) == {"INBOX"}


def test_drafts_are_not_fetched_until_they_are_sent(
    mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox
) -> None:
    """Gmail saves them every few seconds."""
    follower.sync()
    draft = mailbox.deliver(letter("Draft"), "DRAFT")
    follower.sync()
    assert follower.google.count(f"{MESSAGES}/") == 0
    mailbox.relabel(draft, add=("SENT",), remove=("DRAFT",))
    follower.sync()
    assert folders(inbox, draft) == {SENT}


def test_a_long_history_is_read_to_its_end(mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox) -> None:
    """Over many pages, of which each one is committed before the next is asked for."""
    follower.sync()
    began = inbox.cursors[ALL_MAIL].modseq
    for number in range(40):
        message = mailbox.deliver(letter(f"Number {number}"))
        if number % 2:
            mailbox.delete(message)
    follower.sync()
    assert inbox.subjects() == [f"Number {number}" for number in range(0, 40, 2)]
    assert began < inbox.cursors[ALL_MAIL].modseq == mailbox.now
    assert follower.google.count(HISTORY) > 8


def test_nothing_to_tell_costs_two_questions_and_no_commit(
    mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox
) -> None:
    """A mailbox in which nothing happens is left in peace."""
    mailbox.deliver(letter("Hello"))
    follower.sync()
    follower.google.asked.clear()
    inbox.calls.clear()
    follower.sync()
    assert [asked.path.rpartition("/")[2] for asked in follower.google.asked] == ["history", "labels"]
    assert inbox.calls == []


@pytest.mark.parametrize("nth", range(5))
def test_what_is_not_committed_is_brought_again(
    mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox, nth: int
) -> None:
    """The cursor moves after the commit of what it passes; a crash before any of them loses and doubles nothing."""
    work = mailbox.make_label("Work")
    read, moved, gone = (mailbox.deliver(letter(name), "INBOX", work, "UNREAD") for name in ("Read", "Moved", "Gone"))
    follower.sync()
    cursor = inbox.cursors[ALL_MAIL]
    mailbox.deliver(letter("New"), "INBOX", work)
    mailbox.relabel(read, remove=("UNREAD",))
    mailbox.relabel(moved, remove=("INBOX",))
    mailbox.delete(gone)
    inbox.calls.clear()

    def crash(_: str) -> None:
        if len(inbox.calls) == nth:
            raise ConnectionError

    inbox.before = crash
    with pytest.raises(ConnectionError):
        follower.sync()
    assert inbox.cursors[ALL_MAIL] == cursor
    inbox.before = undisturbed
    follower.sync()
    assert inbox.cursors[ALL_MAIL].modseq == mailbox.now
    assert (inbox.subjects(), inbox.subjects("Work")) == (["Read", "New"], ["Read", "Moved", "New"])
    assert (flags(inbox, read), flags(inbox, moved)) == ({"\\Seen"}, set())


def test_a_change_during_the_first_listing_is_not_lost(
    mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox
) -> None:
    """The history counts from before the lists."""
    ids = [mailbox.deliver(letter(f"Number {number}")) for number in range(10)]

    def interfere(asked: Any) -> None:
        if asked.path.startswith(f"{MESSAGES}/") and ids:
            mailbox.delete(ids.pop(0))
            mailbox.deliver(letter(f"Late {len(ids)}"))
            mailbox.relabel(ids[-1], remove=("UNREAD",)) if ids else None

    follower.google.before = interfere
    follower.sync()
    follower.google.before = lambda _: None
    follower.sync()
    assert set(inbox.subjects()) == {f"Late {number}" for number in range(10)}


def test_an_expired_history_means_a_comparison_that_is_announced(
    mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox
) -> None:
    """By lists of ids: of what is here nothing is fetched again."""
    work = mailbox.make_label("Work")
    kept, read, moved, gone = (mailbox.deliver(letter(name)) for name in ("Kept", "Read", "Moved", "Gone"))
    follower.sync()
    mailbox.relabel(read, remove=("UNREAD",))
    mailbox.relabel(moved, add=(work,))
    mailbox.delete(gone)
    new = mailbox.deliver(letter("New"))
    mailbox.forget_history()
    follower.google.asked.clear()
    follower.sync()
    assert inbox.calls.count(f"resync: {EXPIRED}") == 1
    assert inbox.subjects() == ["Kept", "Read", "Moved", "New"]
    assert (flags(inbox, kept), flags(inbox, read)) == (set(), {"\\Seen"})
    assert folders(inbox, moved) == {"INBOX", "Work"}
    fetched = sorted(asked.path for asked in follower.google.asked if asked.path.startswith(f"{MESSAGES}/"))
    assert fetched == [f"{MESSAGES}/{moved}", f"{MESSAGES}/{new}"]
    inbox.calls.clear()
    mailbox.deliver(letter("Newer"))
    follower.sync()
    assert "Newer" in inbox.subjects()
    assert f"resync: {EXPIRED}" not in inbox.calls


@pytest.mark.parametrize("restarted", [False, True])
def test_a_label_that_gets_another_name(
    mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox, restarted: bool
) -> None:
    """No history tells of it; the folder has the new name, and the old one is gone."""
    work = mailbox.make_label("Work")
    message = mailbox.deliver(letter("Hello"), work)
    follower.sync()
    if restarted:
        follower.close()
    mailbox.rename_label(work, "Job")
    follower.sync()
    assert folders(inbox, message) == {"Job"}
    assert "Work" not in inbox.cursors


def test_a_new_label_is_known_with_the_first_message_that_has_it(
    mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox
) -> None:
    """Without a comparison of everything."""
    message = mailbox.deliver(letter("Hello"))
    follower.sync()
    follower.google.asked.clear()
    mailbox.relabel(message, add=(mailbox.make_label("Fresh"),))
    follower.sync()
    assert folders(inbox, message) == {"INBOX", "Fresh"}
    assert follower.google.count("/gmail/v1/users/me/profile") == 0


def test_a_message_over_the_limit_comes_by_its_header(
    google: GoogleServer, mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox
) -> None:
    """Its download is broken off, and the others are whole."""
    large = mailbox.deliver(letter("Large", body="x" * 1_000_000))
    larger = mailbox.deliver(letter("Just over", body="x" * LIMIT))
    mailbox.deliver(letter("Small"))
    follower.sync()
    assert inbox.subjects() == ["Large", "Just over", "Small"]
    for id_ in (large, larger):
        arrival = inbox.messages["INBOX", 1, uid_of(id_)]
        assert (arrival.complete, arrival.size) == (False, len(mailbox.messages[id_].raw))
        assert len(arrival.raw) < 1000


def test_ids_of_the_upper_half_are_ids_too(mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox) -> None:
    """A UID is what a database keeps of 64 bits."""
    high = mailbox.deliver(letter("High"), id_="ffeeddccbbaa9988")
    follower.sync()
    mailbox.relabel(high, remove=("UNREAD",))
    follower.sync()
    assert flags(inbox, high) == {"\\Seen"}
    assert uid_of(high) < 0


@pytest.mark.parametrize(
    ("status", "reason"), [(429, ""), (403, "userRateLimitExceeded"), (503, "backendError"), (500, "")]
)
def test_what_passes_is_waited_for(
    google: GoogleServer, mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox, status: int, reason: str
) -> None:
    """Wherever it happens, and without an error for the owner."""
    mailbox.deliver(letter("Hello"))
    for path in ("/profile", "/labels", "/messages", "/messages/", "/history"):
        google.fails(f"/gmail/v1/users/me{path}", status, reason)
    follower.sync()
    assert inbox.subjects() == ["Hello"]


def test_retry_after_is_kept(google: GoogleServer, mailbox: GmailMailbox, follower: Follower) -> None:
    """Nothing at all is asked before that time."""
    times: list[float] = []
    google.before = lambda asked: times.append(time.monotonic()) if asked.path.endswith("/labels") else None
    google.fails("/gmail/v1/users/me/labels", 429, Retry_After="1")
    follower.sync()
    assert times[1] - times[0] >= 1


def test_a_long_retry_after_is_left_to_the_worker(google: GoogleServer, follower: Follower) -> None:
    """It is told how long, and the owner too."""
    google.fails("/gmail/v1/users/me/labels", 429, "rateLimitExceeded", Retry_After="600")
    with pytest.raises(SourceError, match="asked in 600 seconds") as raised:
        follower.sync()
    assert raised.value.after == 600
    assert google.count("/gmail") == 1


def test_a_fault_that_stays_is_told_in_words(google: GoogleServer, follower: Follower) -> None:
    """After some tries."""
    google.fails("/gmail/v1/users/me/labels", 503, times=99)
    with pytest.raises(SourceError, match="Gmail has a fault \\(status 503\\)"):
        follower.sync()
    assert google.count("/gmail/v1/users/me/labels") == 4


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("accessNotConfigured", "the Gmail API is not enabled"),
        ("dailyLimitExceeded", "no more questions"),
        ("domainPolicy", "status 403, domainPolicy"),
        ("<b>canary", "no reason given"),
    ],
)
def test_a_refusal_is_told_in_words(google: GoogleServer, follower: Follower, reason: str, words: str) -> None:
    """Once; a server's own words are not among them."""
    google.fails("/gmail/v1/users/me/labels", 403, reason, times=99)
    with pytest.raises(SourceError, match=words) as raised:
        follower.sync()
    assert not isinstance(raised.value, NeedsReauth)
    assert "canary" not in str(raised.value)
    assert google.count("/gmail/v1/users/me/labels") == 1


def test_an_expired_access_token_is_renewed_once(
    google: GoogleServer, mailbox: GmailMailbox, follower: Follower, inbox: MemoryInbox
) -> None:
    """However many requests meet with it at the same time."""
    follower.sync()
    google.expire()
    for number in range(8):
        mailbox.deliver(letter(f"Number {number}"))
    follower.sync()
    assert len(inbox.subjects()) == 8
    assert google.refreshed == 2


def test_a_new_refresh_token_is_kept(google: GoogleServer, follower: Follower) -> None:
    """Before it is used; the old one is worth nothing by then."""
    google.rotates = True
    follower.sync()
    google.expire()
    follower.sync()
    assert len(follower.kept) == 2
    follower.close()
    follower.sync()
    assert len(follower.kept) == 3


def test_access_that_was_taken_back_needs_the_owner(google: GoogleServer, follower: Follower) -> None:
    """It is asked for once, and not again."""
    follower.sync()
    google.revoke_all()
    asked = google.count("/token")
    with pytest.raises(NeedsReauth, match="connect it again"):
        follower.sync()
    assert google.count("/token") == asked + 1


def test_access_to_something_else_needs_the_owner(google: GoogleServer, follower: Follower) -> None:
    """Who connected the mailbox has not let it be read."""
    follower.secret = google.grant("openid email")
    with pytest.raises(NeedsReauth, match="let it read messages"):
        follower.sync()


def test_a_token_that_gmail_never_takes_is_no_storm(google: GoogleServer, follower: Follower) -> None:
    """One new token, one more try, and the worker waits."""
    google.fails("/gmail", 401, "authError", times=99)
    with pytest.raises(SourceError, match="status 401"):
        follower.sync()
    assert (google.count("/gmail"), google.refreshed) == (2, 2)


def test_a_client_that_google_does_not_know_is_told_to_the_operator(google: GoogleServer, follower: Follower) -> None:
    """It is not the owner's fault."""
    follower.client_secret = "another"
    with pytest.raises(SourceError, match="GOOGLE_CLIENT_SECRET") as raised:
        follower.sync()
    assert not isinstance(raised.value, NeedsReauth)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_fault_at_the_token_endpoint_is_tried_again(google: GoogleServer, follower: Follower, status: int) -> None:
    """It does not mean that access was taken back."""
    google.fails("/token", status, "server_error")
    with pytest.raises(SourceError, match="tried again") as raised:
        follower.sync()
    assert not isinstance(raised.value, NeedsReauth)
    follower.sync()


def test_nothing_is_changed_at_gmail(google: GoogleServer, mailbox: GmailMailbox, follower: Follower) -> None:
    """Every request reads, and what was unread stays so."""
    message = mailbox.deliver(letter("Hello"))
    follower.sync()
    assert mailbox.messages[message].labels == {"INBOX", "UNREAD"}
    assert {asked.method for asked in google.asked if asked.path.startswith("/gmail")} == {"GET"}


def test_a_wait_ends_when_it_is_interrupted(follower: Follower) -> None:
    """From another thread, or from before."""
    source = follower.open()
    waiting = threading.Thread(target=source.wait, args=(60,))
    waiting.start()
    source.interrupt()
    waiting.join(30)
    assert not waiting.is_alive()
    source.close()


def test_the_quota_is_kept() -> None:
    """At once what may be spent in a second, and then no more than that a second; a hold is for everybody."""
    now = [100.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    quota = Quota(per_second=50, clock=lambda: now[0], sleep=sleep)
    for _ in range(10):
        quota.take(5)
    assert now[0] == 100
    for _ in range(20):
        quota.take(5)
    assert now[0] == pytest.approx(102)
    now[0] += 60
    quota.hold(5)
    quota.take(5)
    assert now[0] == pytest.approx(167)


def test_whatever_is_asked_of_gmail_is_taken_from_the_quota(
    google: GoogleServer, mailbox: GmailMailbox, follower: Follower
) -> None:
    """A first sync takes at least what its messages cost, and sending takes what that costs, before it is asked."""
    now = [100.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    quota = Quota(per_second=10, clock=lambda: now[0], sleep=sleep)
    for number in range(10):
        mailbox.deliver(letter(f"Number {number}"))
    source = follower.open(quota=quota)
    source.sync(follower.inbox)
    source.close()
    assert now[0] >= 100 + 10 * GET / 10 - 1
    registration = Registration(CLIENT_ID, SecretStr(CLIENT_SECRET), google.url, google.url)
    began, sent = now[0], google.count(f"{MESSAGES}/send")
    with Api(google.url, Grant(registration, google.grant(SCOPE_TO_SEND), follower.keep), quota, size_limit=0) as api:
        api.send(letter("Number 10"), "")
    assert google.count(f"{MESSAGES}/send") == sent + 1
    assert now[0] >= began + SEND / 10 - 1
