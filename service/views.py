"""What clients are shown of what is stored."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, JsonValue

from service.core.category import Category
from service.core.rules.rule import Priority
from service.inputs import Id, View

DraftState = Literal["proposed", "edited", "discarded", "queued", "sending", "sent", "unsure"]
State = Literal["new", "syncing", "well", "failing", "needs_reauth"]


class AccountView(View):
    """A mailbox, and how it is; the secret is never shown."""

    id: Id
    kind: str
    name: str
    address: str
    settings: dict[str, JsonValue]
    has_secret: Annotated[bool, Field(validation_alias="secret"), BeforeValidator(bool)]
    state: State
    error: Annotated[str, Field(description='What is wrong, in words; "" for nothing.')]
    paused: bool
    stored_bytes: Annotated[int, Field(ge=0, description="Of its mail, as it is stored.")]
    created_at: datetime
    last_success_at: datetime | None
    sync_requested_at: datetime | None


class Reason(View):
    """One piece of evidence for a category."""

    words: str
    weight: float


class Action(View):
    """A sentence that asks for something, and when it is due: a day, a time or null."""

    sentence: str
    due: str | None


class Mention(View):
    """A date in the text, and the sentence that has it."""

    words: str
    sentence: str
    at: str


class AnalysisView(View):
    """What the assistant made of a message."""

    category: Annotated[Category, Field(description="What the user said, else what a rule did, else what triage said.")]
    triaged: Annotated[Category, Field(description="What triage said.")]
    score: Annotated[float, Field(description="How sure triage is, from 0 to 1.")]
    reasons: Annotated[list[Reason], Field(description="Why triage said so, the weightiest first.")]
    summary: str
    actions: list[Action]
    dates: list[Mention]
    labels: Annotated[list[str], Field(description="What rules put on it.")]
    hidden: bool
    pinned: bool
    priority: Priority
    source: Annotated[str, Field(description='Who wrote the summary: "rules" or "model".')]
    note: Annotated[str, Field(description='What was tried and failed, in words; "" for nothing.')]


class Person(View):
    """Whom a reply is addressed to."""

    name: str
    address: str


class Recipient(Person):
    """Whom a message is addressed to."""

    kind: Literal["to", "cc"]


class AttachmentView(View):
    """A part that is not shown as text; its size in bytes."""

    name: str
    type: str
    size: int


class MessageLine(View):
    """A message, as a list shows it."""

    id: Id
    account_id: Id
    thread_id: Id
    subject: str
    sender_name: str
    sender: str
    received_at: datetime
    size: int
    seen: bool
    flagged: bool
    answered: bool
    removed_at: Annotated[datetime | None, Field(description="When the mailbox lost it.")]
    has_attachments: bool
    category: Annotated[Category | None, Field(description="Null until it is understood.")]
    score: float | None
    summary: str | None
    labels: Annotated[list[str], BeforeValidator(lambda found: found or [])]
    hidden: Annotated[bool, BeforeValidator(bool)]
    pinned: Annotated[bool, BeforeValidator(bool)]
    priority: Priority | None


class DraftView(View):
    """A reply that is proposed. It is sent when somebody says so, and never by itself."""

    id: Id
    message_id: Id
    subject: str
    to: list[Person]
    text: str
    in_reply_to: str
    references: list[str]
    source: str
    state: DraftState
    updated_at: datetime


class CorrectionView(View):
    """The category that the user says a message has, and the one that it had before."""

    id: Id
    message_id: Id
    category: Category
    was: Category
    at: datetime


class MessageView(View):
    """A message, whole. Its HTML is sanitised."""

    id: Id
    account_id: Id
    thread_id: Id
    message_id: str
    folders: list[str]
    subject: str
    sender_name: str
    sender: str
    recipients: list[Recipient]
    sent_at: datetime | None
    received_at: datetime
    size: int
    complete: Annotated[
        bool, Field(description="False when it was too large or over quota, and only its header is here.")
    ]
    text: str
    html: str
    attachments: list[AttachmentView]
    defects: Annotated[list[str], Field(description="What is wrong with the message, in words.")]
    seen: bool
    flagged: bool
    answered: bool
    removed_at: datetime | None
    analysed_at: datetime | None
    analysis: AnalysisView | None
    correction: CorrectionView | None
    draft: DraftView | None


class RuleView(View):
    """A rule; its definition is what `rules.put` takes."""

    id: Id
    position: int
    name: str
    enabled: bool
    definition: dict[str, JsonValue]
    updated_at: datetime


class RuleApplicationView(View):
    """That a rule was applied to a message."""

    id: Id
    message_id: Id
    rule: Annotated[str, Field(description="Its name then.")]
    because: str
    actions: list[JsonValue]
    at: datetime


class DeadLetterView(View):
    """A message whose work failed as often as it may."""

    id: Id
    account_id: Id
    message_id: Id
    error: str
    attempts: int
    at: datetime


class EventView(View):
    """Something that happened."""

    id: Id
    type: str
    at: datetime
    account_id: Id | None
    data: dict[str, Any]


class AuditView(View):
    """Something that somebody did."""

    id: Id
    at: datetime
    actor: str
    action: str
    detail: dict[str, Any]
