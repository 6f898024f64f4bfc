"""The kinds of sources, what a user enters for each, and what the operator allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from service.mail.demo import mailbox as demo
from service.mail.demo.source import DemoSource
from service.mail.gmail.registration import Registration
from service.mail.gmail.settings import GmailSettings
from service.mail.imap import Imap
from service.mail.imap.settings import ImapSettings
from service.mail.maildir import Maildir
from service.mail.maildir.settings import MaildirSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from service.mail.source import Source
    from service.settings import Settings

GMAIL = "gmail"
"""The kind of mailboxes whose secret is a refresh token."""
KINDS: dict[str, type[BaseModel]] = {"maildir": MaildirSettings, "imap": ImapSettings, GMAIL: GmailSettings}
"""The settings of each kind of source. Passwords and tokens are no settings: they are the account's secret."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator lets accounts reach and bring."""

    maildir_roots: tuple[Path, ...]
    """The directories below which Maildirs may be followed."""
    private_hosts: bool
    """Whether mail servers may be in this machine and in private networks."""
    message_size: int
    """Bytes; of a larger message only the header is brought."""
    google: Registration | None = None
    """The service as Google knows it, where it does."""

    @classmethod
    def by(cls, settings: Settings) -> Allowed:
        """As the service's settings say."""
        return cls(settings.roots, settings.imap_allow_private, settings.max_message_size, _google(settings))

    def of_others(self) -> Allowed:
        """What is for other users than the owner, whose this machine's files and networks are."""
        return replace(self, maildir_roots=(), private_hosts=False)


class InvalidSettings(ValueError):
    """What a user entered cannot be used: `problems` has a sentence for each field, "" for the whole."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = problems


def check(kind: str, settings: Mapping[str, Any], allowed: Allowed) -> BaseModel:
    """The settings as the kind's model, which `model_dump(mode="json")` turns back. Raises `InvalidSettings`."""
    model = KINDS.get(kind)
    if kind == GMAIL and allowed.google is None:
        raise InvalidSettings(
            {"": "mailboxes at Gmail are not followed here: the operator sets GOOGLE_CLIENT_ID first"}
        )
    if model is None:
        raise InvalidSettings({"": f"there is no kind of mailbox named {kind!r}: there are {', '.join(KINDS)}"})
    try:
        return model.model_validate(settings, context=allowed)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    raise InvalidSettings({".".join(map(str, one["loc"][:1])): _sentence(model, kind, one) for one in problems})


def open_source(
    kind: str, settings: Mapping[str, Any], secret: str, allowed: Allowed, keep: Callable[[str], None]
) -> Source:
    """The source of an account, which has not connected yet; `keep` stores a new secret. Raises `InvalidSettings`."""
    if kind == demo.KIND:  # made by the service itself, so no user enters it
        return DemoSource.of(settings)
    checked = check(kind, settings, allowed)
    match checked:
        case MaildirSettings():
            return Maildir(checked.path, allowed.maildir_roots, size_limit=allowed.message_size)
        case ImapSettings():
            return Imap(checked, secret, private=allowed.private_hosts, size_limit=allowed.message_size)
        case GmailSettings() if allowed.google is not None:
            from service.mail.gmail.source import Gmail  # where somebody is at Gmail: Authlib takes long

            return Gmail(checked, allowed.google, secret, keep, size_limit=allowed.message_size)
    raise AssertionError(kind)


def _google(settings: Settings) -> Registration | None:
    if settings.google_client_id is None or settings.google_client_secret is None:
        return None
    return Registration(
        settings.google_client_id,
        settings.google_client_secret,
        settings.google_issuer,
        settings.gmail_api_url,
        settings.gmail_send,
    )


def _sentence(model: type[BaseModel], kind: str, problem: ErrorDetails) -> str:
    if problem["type"] == "value_error":
        return str(problem.get("ctx", {}).get("error", problem["msg"]))
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if name not in model.model_fields:
        return f"{kind} has no setting {name!r}: it has {', '.join(model.model_fields)}"
    accepted = model.model_fields[name].description
    if problem["type"] == "missing":
        return f"{name} is missing: it is {accepted}"
    return f"{name} is {problem['input']!r}: it has to be {accepted}"
