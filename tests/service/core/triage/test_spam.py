"""The evidence for spam: forged senders, odd ways, deception, and what it talks about."""

from __future__ import annotations

import pytest

from service.core.category import Verdict
from service.core.email import Address, Email
from service.core.triage import OBSERVERS, triage
from service.core.triage.authentication import results
from service.core.triage.evidence import Case
from tests.service.core.letters import MINE, letter

ARRIVED = "Mon, 23 Nov 2026 09:00:09 +0000"
BODY = "Hello, the report is attached."


def against(body: str = BODY, **headers: str) -> dict[str, float]:
    """What speaks for spam (above 0) or against it, by its words."""
    case = Case(letter(body, **headers), MINE)
    return {one.words: one.log_odds for observe in OBSERVERS for one in observe(case) if one.category == "spam"}


def test_an_ordinary_message_has_nothing_of_spam() -> None:
    """No word about it."""
    assert not [words for words, weight in against().items() if weight > 0]


def test_a_domain_that_disowns_the_message_speaks_for_spam() -> None:
    """DMARC failed, whatever SPF says."""
    header = "mx.home.example; spf=pass smtp.mailfrom=x@evil.example; dmarc=fail header.from=work.example"
    assert against(Authentication_Results=header)["its sender's domain disowns it (DMARC failed)"] > 0


def test_only_the_topmost_authentication_results_are_believed() -> None:
    """The sender can write the ones below."""
    forged = letter(
        BODY, Authentication_Results="mx.home.example; dmarc=fail\nAuthentication-Results: evil; dmarc=pass"
    )
    words = [reason.words for one in OBSERVERS for reason in one(Case(forged, MINE))]
    assert "its sender's domain disowns it (DMARC failed)" in words
    assert "it really comes from its sender's domain (DMARC passed)" not in words


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("mx; spf=pass; dkim=fail; dkim=pass", {"spf": "pass", "dkim": "pass"}),
        ("mx; DMARC = Fail (p=none)", {"dmarc": "fail"}),
        ("mx; none", {}),
        ("", {}),
        ("mx; x-spf=pass", {}),
    ],
)
def test_authentication_results_are_read_by_method(header: str, expected: dict[str, str]) -> None:
    """RFC 8601; one signature that holds is enough."""
    assert results(header) == expected


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (
            {"From": '"PayPal service@paypal.com" <x@evil.example>'},
            "its sender's name shows another address than its own",
        ),
        ({"Reply_To": "ada@gmail.com"}, "answers go to gmail.com, and not to work.example"),
        ({"Message_ID": ""}, "it has no Message-ID"),
        ({"Message_ID": "<038a23e58d4c$1476b6e3$3ae26db8@hnwngw>"}, "its Message-ID imitates Outlook's"),
        ({"Date": "Mon, 23 Nov 2026 09:00:00 -1900"}, "its date is in a time zone that does not exist"),
        ({"From": "saul5310wi@work.example"}, "its sender's address looks made up by a machine"),
        ({"To": "", "Cc": ""}, "it does not name whom it is for"),
        ({"To": ", ".join(f"u{n}@x{n}.example" for n in range(30))}, "a stranger sent it to 30 people"),
        ({"Subject": "Lower your rates          xkqz"}, "its subject has a long gap"),
        ({"Subject": "Lower your rates 7272Gtnz8-338r"}, "its subject ends in characters that mean nothing"),
        ({"Subject": "ADV: lower your rates"}, "its subject marks it as an advertisement"),
        ({"Subject": "LOWER YOUR RATES NOW"}, "its subject is in capitals"),
        ({"Subject": "Re: your account"}, "its subject answers, but it answers no message"),
        ({"X_Mailer": "fNthRC4yresSVXVvrmumpAEY"}, "the program that sent it has a name that means nothing"),
    ],
)
def test_headers_that_honest_software_writes_otherwise_speak_for_spam(headers: dict[str, str], words: str) -> None:
    """Each by its own words."""
    found = against(**headers)
    assert [weight for said, weight in found.items() if said.startswith(words) and weight > 0]


def test_a_server_that_calls_itself_what_it_is_not_speaks_for_spam() -> None:
    """It gave the sender's domain as its name, and its address is known under another."""
    received = f"from work.example (dial-3.cheap.example [203.0.113.9]) by mx.home.example with SMTP; {ARRIVED}"
    assert "a server called itself work.example and is not known as that" in against(Received=received)


def test_a_server_of_the_senders_domain_speaks_against_spam() -> None:
    """The name that its address is known under is the sender's."""
    received = f"from out.work.example (out.work.example [203.0.113.9]) by mx.home.example with ESMTP; {ARRIVED}"
    assert against(Received=received)["a server of work.example handed it over"] < 0


def test_a_date_long_before_or_after_the_arrival_speaks_for_spam() -> None:
    """A queue keeps a message for days, not for weeks; and nobody writes from tomorrow."""
    by = f"from a by mx.home.example with SMTP; {ARRIVED}"
    assert "its date is more than a week before it was received" in against(
        Received=by, Date="Mon, 2 Nov 2026 09:00:00 +0000"
    )
    assert "its date lies hours after it was received" in against(Received=by, Date="Tue, 24 Nov 2026 09:00:00 +0000")
    assert not [words for words in against(Received=by) if "date" in words]


def test_links_that_lead_elsewhere_or_hide_their_host_speak_for_spam() -> None:
    """A host is shown, and another one is behind it."""
    html = '<p>Log in at <a href="http://evil.example/x">www.bank.example</a> or <a href="http://203.0.113.9/y">here</a></p>'
    found = against(html, Content_Type="text/html")
    assert "a link shows “www.bank.example” and leads to “evil.example”" in found
    assert "a link leads to a bare IP address or hides its host" in found


def test_a_program_as_an_attachment_speaks_for_spam() -> None:
    """By its name."""
    body = "--b\nContent-Type: application/octet-stream; name=invoice.pdf.exe\n\nMZ\n--b--\n"
    assert "it carries a program: “invoice.pdf.exe”" in against(body, Content_Type="multipart/mixed; boundary=b")


def test_topics_and_pressure_are_told_by_their_words() -> None:
    """The words of the message stand in the reason."""
    found = against("Work at home and earn money with no experience. Act now, risk free!")
    assert any(words.startswith("it talks of money without work: “") for words in found)
    assert "it hurries or reassures: “act now”, “risk free”" in found


def test_the_verdict_on_spam_names_its_weightiest_reason_first() -> None:
    """Weights fall from -1 or 1 towards 0."""
    verdict: Verdict = triage(
        letter(
            "Dear friend, work at home, act now, risk free, click here!",
            Subject="ADV: MAKE MONEY FAST!!   9021xa2",
            From="x8350w24@cheap.example",
            Message_ID="",
        ),
        MINE,
    )
    assert verdict.category == "spam"
    weights = [abs(reason.weight) for reason in verdict.reasons]
    assert weights == sorted(weights, reverse=True)
    assert all(-1 <= reason.weight <= 1 for reason in verdict.reasons)


@pytest.mark.parametrize(
    "part", ["a", "a ", '<a href="http://', "1 000 ", "1.1.1.1 ", "order order ", "$1,", "x@a.", "from a.b ("]
)
def test_a_hostile_message_is_judged_in_bounded_time(part: str) -> None:
    """Five million characters in every place; the suite's time limit is the guard."""
    much = part * (5_000_000 // len(part))
    headers = dict.fromkeys(
        ("received", "list-id", "authentication-results", "date", "sender", "subject"), (much,) * 20
    )
    email = Email(
        subject=much, sender=Address(much, much), headers=headers, text=much, html=much, body=much, message_id=much
    )
    assert triage(email, MINE) == triage(email, MINE)
