"""The tables. `Base.metadata` has them all once this package is imported."""

from service.store.tables.base import Base
from service.store.tables.log import Audit, Command, Event
from service.store.tables.mail import Account, Folder, Message, Placement, Raw, Reference, Thread
from service.store.tables.people import AccessToken, ApiToken, BrowserSession, Identity, SignIn, User
from service.store.tables.understanding import (
    Analysis,
    Correction,
    Correspondent,
    Draft,
    Learned,
    Rule,
    RuleApplication,
)
from service.store.tables.work import AiUsage, DeadLetter, Worker

__all__ = [
    "AccessToken",
    "Account",
    "AiUsage",
    "Analysis",
    "ApiToken",
    "Audit",
    "Base",
    "BrowserSession",
    "Command",
    "Correction",
    "Correspondent",
    "DeadLetter",
    "Draft",
    "Event",
    "Folder",
    "Identity",
    "Learned",
    "Message",
    "Placement",
    "Raw",
    "Reference",
    "Rule",
    "RuleApplication",
    "SignIn",
    "Thread",
    "User",
    "Worker",
]
