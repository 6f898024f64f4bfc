"""What the sender wrote now, what is quoted, and the signature."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.quotes import Pieces, split_quotes

INTRODUCTIONS = [
    "On Mon, 4 Mar 2024 at 18:00, Ada Lovelace <ada@example.org> wrote:",
    "On 2024-03-04, Ada Lovelace wrote:",
    "On Monday, 4 March 2024 at 18:00:00 CET, Ada Lovelace <\nada@example.org> wrote:",
    "Am Mo., 4. März 2024 um 18:00 Uhr schrieb Ada Lovelace <\nada@example.org>:",
    "Am 04.03.24 um 18:00 schrieb Ada Lovelace:",
    "Le lun. 4 mars 2024 à 18:00, Ada Lovelace <ada@example.org> a écrit :",
    "El lun, 4 mar 2024 a las 18:00, Ada Lovelace (<ada@example.org>) escribió:",
    "Il giorno lun 4 mar 2024 alle ore 18:00 Ada Lovelace <ada@example.org> ha scritto:",
    "Em seg., 4 de mar. de 2024 às 18:00, Ada Lovelace <ada@example.org> escreveu:",
    "Op ma 4 mrt 2024 om 18:00 schreef Ada Lovelace <ada@example.org>:",
    "Den mån 4 mars 2024 kl 18:00 skrev Ada Lovelace <ada@example.org>:",
    "W dniu 4.03.2024 o 18:00 Ada Lovelace napisała:",
]
HISTORIES = [
    "-----Original Message-----\nFrom: Ada Lovelace\nSent: Monday, March 4, 2024 6:00 PM\nTo: Bob\nSubject: Plan",
    "________________________________\nFrom: Ada Lovelace <ada@example.org>\nSent: Monday\nTo: Bob\nSubject: Plan",
    "From: Ada Lovelace <ada@example.org>\nSent: Monday\nTo: Bob\nSubject: Plan",
    "*From:* Ada Lovelace <ada@example.org>\n*Sent:* Monday\n*To:* Bob\n*Subject:* Plan",
    "Von: Ada Lovelace <ada@example.org>\nGesendet: Montag\nAn: Bob\nBetreff: Plan",
    "De : Ada Lovelace <ada@example.org>\nEnvoyé : lundi\nÀ : Bob\nObjet : Plan",
    "De: Ada Lovelace <ada@example.org>\nEnviado: lunes\nPara: Bob\nAsunto: Plan",
    "-----Ursprüngliche Nachricht-----\nVon: Ada",
    "-------- Message d'origine --------\nDe : Ada",
    "---------- Forwarded message ---------\nFrom: Ada",
    "Begin forwarded message:\n\nFrom: Ada",
]
SENT_FROM = [
    "Sent from my iPhone",
    "Get Outlook for Android <https://aka.example/a>",
    "Von meinem iPhone gesendet",
    "Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.",
    "Gesendet von Mail für Windows",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Inviato da iPhone",
    "Verzonden vanaf mijn iPhone",
]


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
@pytest.mark.parametrize("quote", ["> When do we meet?\n> Ada", ">When do we meet?", "\n> When do we meet?"])
def test_a_quote_goes_with_the_line_that_introduces_it(introduction: str, quote: str) -> None:
    """In the language of whoever answers, also where that line is wrapped."""
    quoted = f"{introduction}\n{quote}"
    assert split_quotes(f"At ten.\n\n{quoted}") == Pieces("At ten.", quoted, "")


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
def test_an_older_message_needs_no_quote_signs(introduction: str) -> None:
    """Some programs put it below as it was."""
    quoted = f"{introduction}\n\nWhen do we meet?\n\nAda"
    assert split_quotes(f"At ten.\n\n{quoted}") == Pieces("At ten.", quoted, "")


@pytest.mark.parametrize("history", HISTORIES)
def test_what_outlook_puts_below_is_quoted(history: str) -> None:
    """To its end, whatever is in it."""
    quoted = f"{history}\n\nWhen do we meet?\n> older\n-- \nAda"
    assert split_quotes(f"At ten.\n\n{quoted}") == Pieces("At ten.", quoted, "")


@pytest.mark.parametrize("line", SENT_FROM)
def test_what_a_phone_puts_below_is_a_signature(line: str) -> None:
    """Above the quote as well as at the end."""
    assert split_quotes(f"At ten.\n\n{line}") == Pieces("At ten.", "", line)
    assert split_quotes(f"At ten.\n\n{line}\n\n> When?") == Pieces("At ten.", "> When?", line)


def test_an_answer_below_the_quote_is_the_body() -> None:
    """And the signature is below that."""
    assert split_quotes("On 4 Mar 2024 Ada wrote:\n> When?\n\nAt ten.\n\n-- \nBob") == Pieces(
        "At ten.", "On 4 Mar 2024 Ada wrote:\n> When?", "-- \nBob"
    )


def test_what_an_interleaved_reply_answers_is_not_what_the_sender_wrote() -> None:
    """The words of others count for nobody's intentions but their own; the text has both in their order."""
    text = "Ada wrote:\n> When?\nAt ten.\n>> deeper\n> Where?\n\nHere."
    assert split_quotes(text) == Pieces("At ten.\n\nHere.", "Ada wrote:\n> When?\n>> deeper\n> Where?", "")


def test_the_signature_of_a_list_goes_with_that_of_the_sender() -> None:
    """The first delimiter near the end counts."""
    footer = "_______________________________________________\nA list\nhttps://lists.example.org/"
    assert split_quotes(f"Hi.\n-- \nBob\n{footer}").signature == f"-- \nBob\n{footer}"
    assert split_quotes(f"Hi.\n{footer}") == Pieces("Hi.", "", footer)


@pytest.mark.parametrize(
    "text",
    [
        "Ada wrote:\nthis is all new",
        "On Monday I wrote:\nnot a quote",
        "Dear Bob,\n\nplease note the following:\nAt ten: tea.",
        "From: here on it is downhill.\nTo: nobody",
        "From Monday on: closed.",
        ">From the start of a line, as mbox files write it",
        "-- \n" + "a long text\n" * 30 + "end",
        "I sent from home what you wanted, and it is long enough to be a sentence of its own, as everybody will see.",
        "Item\n--------\nTea",
        "",
    ],
)
def test_what_only_looks_like_a_quote_is_the_body(text: str) -> None:
    """Sentences with a colon, a rule, a delimiter far above the end."""
    assert split_quotes(text) == Pieces(text, "", "")


LINES = st.sampled_from(
    [
        *INTRODUCTIONS,
        *HISTORIES,
        *SENT_FROM,
        "> a",
        " > b",
        ">",
        "",
        " ",
        "-- ",
        "--",
        "_" * 40,
        "text",
        "Ada:",
        "at 10:00:",
    ]
)


@given(st.lists(st.one_of(LINES, st.text(max_size=10)), max_size=40).map("\n".join))
def test_every_line_is_in_one_of_the_pieces(text: str) -> None:
    """Nothing that was written is lost, nothing is there twice."""
    pieces = split_quotes(text)
    parts = f"{pieces.body}\n{pieces.quoted}\n{pieces.signature}"
    assert sorted(filter(str.strip, map(str.rstrip, parts.split("\n")))) == sorted(
        filter(str.strip, map(str.rstrip, text.split("\n")))
    )


@given(st.lists(LINES, max_size=20).map("\n".join))
def test_no_quoted_line_is_left_in_the_body(text: str) -> None:
    """What begins with a quote sign is quoted, wherever it stands."""
    assert not any(line.startswith(">") for line in split_quotes(text).body.split("\n"))
