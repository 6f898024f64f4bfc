"""Messages for tests: headers as they arrive, read by the real parser."""

from __future__ import annotations

from service.core.category import Verdict
from service.core.email import Email
from service.core.mime import parse
from service.core.triage import Context, triage

ME = "rosa@home.example"
MINE = Context(own_addresses=frozenset({ME}))


def letter(body: str = "The report is attached.", **headers: str) -> Email:
    """A message from Ada to Rosa with this body; headers by name, `_` for `-`, "" leaves a header out."""
    lines = {
        "From": "Ada Byron <ada@work.example>",
        "To": f"Rosa <{ME}>",
        "Subject": "The report",
        "Date": "Mon, 23 Nov 2026 09:00:00 +0000",
        "Message-ID": "<1@mail.work.example>",
        "Content-Type": "text/plain; charset=utf-8",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\n" for name, value in lines.items() if value)
    return parse(f"{head}\n{body}\n".encode())


def judge(body: str = "The report is attached.", context: Context = MINE, **headers: str) -> Verdict:
    """The verdict on such a message."""
    return triage(letter(body, **headers), context)


def reasons(verdict: Verdict) -> str:
    """All reasons of a verdict, a line each."""
    return "\n".join(reason.words for reason in verdict.reasons)
