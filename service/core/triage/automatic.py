"""Signs that a program wrote the message (RFC 3834), and what programs write about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.core.noreply import reads_nothing
from service.core.triage.evidence import any_of, quoted, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case, Evidence

_PROGRAM = re.compile(
    r"^(?:notifications?|alerts?|root|cron|daemon|automated|system|robot|bot|jenkins"
    r"|nagios|monitoring|builds?|security|updates?|service|info-noreply|account|accounts|status)(?:$|[+._-])"
)
_NEWS = any_of(
    "verification code", "security code", "one-time code", "your code is", "confirm your email", "verify your email",
    "password reset", "reset your password", "new sign-in", "new login", "signed in", "security alert",
    "was assigned to", "assigned to you", "mentioned you", "commented on", "build failed", "build succeeded",
    "pipeline failed", "pull request", "has shipped", "has been shipped", "out for delivery", "was delivered",
    "track your package", "tracking number", "is now following", "sent you a message", "friend request",
    "backup completed", "backup failed", "delivery status notification", "undelivered mail", "undeliverable",
    "your subscription has", "storage is almost full", "bestätigungscode", "passwort zurücksetzen", "neue anmeldung",
    "sendungsnummer", "wurde versandt", "ist unterwegs", "sicherheitswarnung", "code de vérification",
    "réinitialiser votre mot de passe", "nouvelle connexion", "a été expédié", "numéro de suivi",
    "código de verificación", "restablecer tu contraseña", "ha sido enviado", "inicio de sesión",
    "codice di verifica",
)  # fmt: skip


def auto_submitted(case: Case) -> Iterator[Evidence]:
    """Auto-Submitted other than no."""
    value = case.email.header("auto-submitted").partition(";")[0].strip().casefold()
    if value == "auto-replied":
        words = "a program answered by itself (Auto-Submitted)"
        yield from says(words, notification=2.5, fyi=-1.5, needs_reply=-3.0, spam=-0.5)
    elif value and value != "no":
        yield from says("a program sent it by itself (Auto-Submitted)", notification=2.0, needs_reply=-2.5, receipt=0.4)


def wants_no_automatic_answer(case: Case) -> Iterator[Evidence]:
    """X-Auto-Response-Suppress, which programs set."""
    if "x-auto-response-suppress" in case.email.headers and not case.email.header("list-unsubscribe"):
        yield from says("its sender wants no automatic answers (X-Auto-Response-Suppress)", notification=0.8)


def bounce(case: Case) -> Iterator[Evidence]:
    """A delivery report: an empty return path, or a report's content type (RFC 3464)."""
    kind = case.email.header("content-type").casefold()
    if "report-type=delivery-status" in kind or "x-failed-recipients" in case.email.headers:
        yield from says("it is a delivery report", notification=4.0, spam=-1.0, needs_reply=-2.0)
    elif case.email.header("return-path").strip() == "<>":
        yield from says("it has an empty return path, as reports have", notification=1.5, needs_reply=-1.0)


def sender_reads_nothing(case: Case) -> Iterator[Evidence]:
    """A sender that takes no answers, or that is named after a program."""
    local = case.sender.rpartition("@")[0]
    if reads_nothing(case.sender):
        yield from says("its sender takes no answers", notification=1.2, receipt=0.6, newsletter=0.3, needs_reply=-3.5)
    elif _PROGRAM.match(local):
        yield from says(f"its sender is named like a program: {quoted(local)}", notification=1.0, needs_reply=-1.2)


def news_of_a_program(case: Case) -> Iterator[Evidence]:
    """The words of sign-ins, codes, parcels, builds and comments."""
    if found := _NEWS.search(case.subject):
        yield from says(f"its subject reports something: {quoted(found.group())}", notification=2.2, marketing=-0.5)
    elif found := _NEWS.search(case.text[:4000]):
        yield from says(f"its text reports something: {quoted(found.group())}", notification=1.0)
