"""What messages of each kind are taken for, and the reasons that are given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.core.triage import Context
from tests.service.core.letters import ME, MINE, judge, reasons

KNOWN = replace(MINE, exchanged=4, received=9)


def test_a_question_of_a_known_person_needs_a_reply() -> None:
    """The question itself is the reason, and so is the acquaintance."""
    verdict = judge("Hello Rosa,\n\ncan you send me the figures by Friday?\n\nAda", KNOWN)
    assert verdict.category == "needs-reply"
    assert "it asks: “can you send me the figures by Friday?”" in reasons(verdict)
    assert "you wrote to its sender 4 times before" in reasons(verdict)


@pytest.mark.parametrize(
    "request_",
    [
        "Kannst du mir bitte die Zahlen schicken?",
        "Bitte schick mir die Zahlen.",
        "Pouvez-vous m'envoyer les chiffres ?",
        "Merci de confirmer votre présence.",
        "¿Podrías enviarme las cifras?",
        "Please confirm the date.",
        "Let me know what you think.",
    ],
)
def test_requests_are_understood_in_several_languages(request_: str) -> None:
    """German, French, Spanish and English, with a question mark or without."""
    assert judge(f"Rosa,\n\n{request_}\n\nAda", KNOWN).category == "needs-reply"


def test_a_question_that_is_only_quoted_needs_no_reply() -> None:
    """What somebody else asked below the answer is not asked now."""
    verdict = judge("Yes, that is right.\n\nOn Monday Rosa wrote:\n> Can you send it?\n> Is it ready?\n", KNOWN)
    assert verdict.category == "fyi"


def test_a_message_without_a_question_is_for_information() -> None:
    """Nothing is asked, and that is the reason."""
    verdict = judge("The office is closed on Friday.", KNOWN)
    assert verdict.category == "fyi"
    assert "it asks nothing" in reasons(verdict)


def test_a_question_of_the_user_awaits_a_reply() -> None:
    """The user's own message is told by its sender."""
    verdict = judge("Can you send me the figures?", From=f"Rosa <{ME}>", To="ada@work.example")
    assert verdict.category == "awaiting-reply"
    assert "you sent it" in reasons(verdict)


def test_a_message_of_the_user_that_asks_nothing_is_kept_for_information() -> None:
    """Nothing comes back to it."""
    assert judge("Here are the figures.", From=ME, To="ada@work.example").category == "fyi"


def test_a_calendar_part_makes_an_invitation() -> None:
    """text/calendar says more than any word."""
    body = (
        "--b\nContent-Type: text/plain\n\nMeeting\n--b\n"
        "Content-Type: text/calendar; method=REQUEST; name=invite.ics\n\n"
        "BEGIN:VCALENDAR\nEND:VCALENDAR\n--b--\n"
    )
    verdict = judge(body, Subject="Invitation: planning", Content_Type="multipart/mixed; boundary=b")
    assert verdict.category == "calendar"
    assert verdict.reasons[0].words == "it carries a calendar entry"


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Your order confirmation", "Thank you for your order.\nOrder number: 302-4471\nTotal: $1,204.50 incl. VAT"),
        ("Ihre Rechnung", "Rechnungsnummer: RE-20261123\nGesamtbetrag: 1.204,50 €\nMwSt: 19 %"),
        ("Votre facture", "Facture n° 20261123\nMontant total : 45,00 EUR\nTVA 20 %"),
        ("Su factura", "Factura número 2026-1123\nImporte total: 45,00 €"),
    ],
)
def test_orders_and_invoices_are_receipts_in_several_languages(subject: str, body: str) -> None:
    """A number and an amount beside the word for it."""
    verdict = judge(body, Subject=subject, From="Shop <no-reply@shop.example>")
    assert verdict.category == "receipt"
    assert "it gives a number" in reasons(verdict)
    assert "it states an amount" in reasons(verdict)


def test_what_a_program_reports_is_a_notification() -> None:
    """Auto-Submitted, a sender that takes no answers, and the words."""
    verdict = judge(
        "Somebody signed in from a new device. Was this you?",
        Subject="New sign-in to your account",
        From="no-reply@bank.example",
        Auto_Submitted="auto-generated",
    )
    assert verdict.category == "notification"
    assert "a program sent it by itself (Auto-Submitted)" in reasons(verdict)
    assert "its sender takes no answers" in reasons(verdict)


def test_a_delivery_report_is_a_notification() -> None:
    """RFC 3464."""
    verdict = judge(
        "Your message could not be delivered.",
        From="Mail Delivery System <mailer-daemon@work.example>",
        Subject="Undelivered Mail Returned to Sender",
        Content_Type="multipart/report; report-type=delivery-status; boundary=b",
    )
    assert verdict.category == "notification"
    assert "it is a delivery report" in reasons(verdict)


def test_an_issue_of_a_list_is_a_newsletter() -> None:
    """List-Id and one click to unsubscribe, and the words of a periodical."""
    verdict = judge(
        "In this issue: gardens in winter. Do you prune?",
        Subject="Garden weekly digest",
        From="Garden <news@garden.example>",
        List_Id="Garden <weekly.garden.example>",
        List_Unsubscribe="<https://garden.example/u/1>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
    )
    assert verdict.category == "newsletter"
    assert "it comes from the list “weekly.garden.example”" in reasons(verdict)
    assert "one click unsubscribes (List-Unsubscribe-Post)" in reasons(verdict)


def test_a_sale_is_marketing() -> None:
    """The same headers, but it offers something."""
    verdict = judge(
        "Shop now and save up to 50% off. Use the discount code WINTER.",
        Subject="20% off everything",
        From="Shop <hello@shop.example>",
        List_Unsubscribe="<https://shop.example/u/1>",
        Feedback_ID="1:2:3:shop",
    )
    assert verdict.category == "marketing"
    assert "“20% off" not in reasons(verdict)
    assert "its subject offers something: “% off”" in reasons(verdict)


def test_a_discussion_list_is_for_information() -> None:
    """Whoever may post there talks to all, not to the user."""
    verdict = judge(
        "Does anybody know how to prune?",
        To="talk@lists.garden.example",
        List_Id="<talk.lists.garden.example>",
        List_Post="<mailto:talk@lists.garden.example>",
        List_Unsubscribe="<mailto:leave@lists.garden.example>",
    )
    assert verdict.category == "fyi"
    assert "it comes through the discussion list “talk.lists.garden.example”" in reasons(verdict)


def test_a_copy_needs_less_of_a_reply_than_a_message_to_the_user_alone() -> None:
    """The place among the recipients counts."""
    body = "Please confirm the date."
    alone = judge(body, KNOWN)
    copy = judge(body, KNOWN, To="carl@work.example", Cc=ME)
    assert alone.category == "needs-reply"
    assert "it is addressed to you alone" in reasons(alone)
    assert copy.category == "fyi" or copy.score < alone.score


def test_an_answer_to_the_user_is_never_spam() -> None:
    """Even when it is worded like one."""
    body = "Dear friend, congratulations, you have won 1 million dollars! Act now, click here, risk free!"
    stranger = judge(body, Subject="URGENT BUSINESS PROPOSAL!!", From="a1b2c3d4@cheap.example")
    answer = judge(
        body, Context(frozenset({ME}), exchanged=2, answers_me=True), Subject="Re: joke", In_Reply_To="<0@home.example>"
    )
    assert stranger.category == "spam"
    assert answer.category != "spam"


def test_nothing_at_all_has_a_verdict_with_a_reason() -> None:
    """No headers, no body."""
    verdict = judge("", Context(), From="", To="", Subject="", Date="", Message_ID="", Content_Type="")
    assert verdict.reasons
    assert 0 <= verdict.score <= 1
