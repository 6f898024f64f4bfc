"""Mail to measure with, the same in each run: as long and as mixed as the mail of a person's inbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from random import Random

SENDERS = 200
_BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)
_SYLLABLES = ("ka", "lo", "mi", "ren", "sta", "vel", "tor", "un", "pe", "dri", "os", "ga")
_SENTENCES = (
    "Could you send me the figures for {} by Friday?",
    "The train to {} leaves at half past nine, so I shall be at the station a little before.",
    "We have looked at the draft of {} and have a few remarks, mostly about the second part.",
    "Please find the invoice for your order {} below; the amount is due within 30 days.",
    "The meeting about {} is moved to 12 March 2026 at 15:00, in the large room on the first floor.",
    "Nothing changes for {}, and there is nothing that you need to do.",
    "I have talked to {}, who thinks that we should wait for the answer of the council.",
    "Let me know whether Tuesday or Wednesday would suit {} better.",
    "Thank you for the photographs of {}, they are wonderful, the children could not stop looking at them.",
    "The new version of {} is ready for download; the list of changes is at the end of this message.",
    "As to the roof of {}, the craftsman says that it can be done in May, if the weather is good.",
    "You get this message because you are subscribed to the list of the friends of {}.",
)


def letters(count: int, first: int = 0) -> list[bytes]:
    """So many messages: of 1 to 6 kB of text, a third also in HTML, a twentieth with an attachment of 40 kB."""
    return [_letter(number) for number in range(first, first + count)]


def _letter(number: int) -> bytes:
    chance = Random(number)  # noqa: S311  # the same letters each time
    message = EmailMessage()
    sender = chance.randrange(SENDERS)
    message["From"] = f"Person {sender} <person{sender}@example.org>"
    message["To"] = "me@example.com"
    message["Date"] = format_datetime(_BEGAN + timedelta(minutes=number))
    message["Message-ID"] = f"<{number}@example.org>"
    message["Subject"] = f"{_name(chance)} and {_name(chance)}"
    if sender % 4 == 0:
        message["List-Id"] = f"Friends <friends{sender}.lists.example.org>"
    if number % 5 == 4:
        message["In-Reply-To"] = message["References"] = f"<{number - chance.randrange(1, 5)}@example.org>"
    paragraphs = [" ".join(_sentence(chance) for _ in range(4)) for _ in range(chance.randrange(3, 16))]
    message.set_content("\n\n".join(paragraphs))
    if number % 3 == 0:
        message.add_alternative("".join(f"<p>{paragraph}</p>" for paragraph in paragraphs), subtype="html")
    if number % 20 == 0:
        message.add_attachment(chance.randbytes(40_000), maintype="application", subtype="pdf", filename="report.pdf")
    return message.as_bytes()


def _sentence(chance: Random) -> str:
    return chance.choice(_SENTENCES).format(_name(chance))


def _name(chance: Random) -> str:
    """A word that hardly another message has, so that no memory of the last one helps with the next."""
    return "".join(chance.choices(_SYLLABLES, k=5)).capitalize()
