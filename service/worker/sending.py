"""Sends drafts that their writers want sent, each once.

Before Gmail is asked to send, the draft is "sending". Where it is not known afterwards whether Gmail did, the message
is looked for by its Message-ID; when it is not found, nothing is sent again unless its writer says so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from probes import Failure
from service.core.outgoing import Outgoing, Unsendable, compose
from service.mail.registry import Allowed
from service.mail.source import NeedsReauth, SourceError
from service.store import events
from service.store.replies import outgoing
from service.store.tables import Account, Draft, Folder, Message, Placement
from service.worker.sources import Keeper

if TYPE_CHECKING:
    from service.mail.gmail.api import Api
    from service.settings import Settings
    from service.store.database import Database
    from service.store.opened import Store

log = logging.getLogger("service.worker")

UNSURE = "it may be sent, and is not found at Gmail: look into your sent mail there before you send it again"
AWAY = "Gmail was not reached in time: send it again later"


class NotFoundYet(Exception):
    """Gmail was asked to send, and does not have the message as far as it says."""


@dataclass(frozen=True, slots=True)
class _Task:
    account_id: int
    secret: str
    reply: Outgoing
    uid: int | None
    """Of the message that is answered."""
    asked: bool
    """Whether Gmail was asked before."""


def send(store: Store, settings: Settings, draft_id: int) -> None:
    """Send a draft, unless it is sent already. Raises `SourceError` or `NotFoundYet` for what may pass."""
    from service.mail.gmail.api import Api, Unsure  # where something is sent: Authlib takes long
    from service.mail.gmail.grant import Grant
    from service.mail.gmail.quota import Quota

    google = Allowed.by(settings).google
    try:
        task = _read(store, draft_id)
        if task is None:
            return
        raw = compose(task.reply, datetime.now(UTC))
        if google is None or not google.sends:
            raise Unsendable("no replies are sent here any more")
    except (Failure, Unsendable) as error:
        _conclude(store.database, draft_id, "edited", str(error))
        return
    grant = Grant(google, task.secret, Keeper(store, task.account_id, task.secret))
    with Api(google.api, grant, Quota(), size_limit=settings.max_message_size) as api:
        try:
            if api.has(task.reply.message_id):
                _conclude(store.database, draft_id, "sent")
                return
            if task.asked:
                raise NotFoundYet
            thread = "" if task.uid is None else api.thread(task.uid)
        except NeedsReauth as error:
            _conclude(store.database, draft_id, "unsure" if task.asked else "edited", str(error))
            return
        _note(store.database, draft_id, "sending")
        try:
            _ask(api, raw, thread, store.database, draft_id)
        except Unsure:
            raise NotFoundYet from None


def give_up(database: Database, draft_id: int) -> None:
    """Say that a draft is not sent, or that nobody knows."""
    with database.read() as session:
        state = session.scalars(select(Draft.state).where(Draft.id == draft_id)).first()
    if state == "queued":
        _conclude(database, draft_id, "edited", AWAY)
    elif state == "sending":
        _conclude(database, draft_id, "unsure", UNSURE)


def _ask(api: Api, raw: bytes, thread: str, database: Database, draft_id: int) -> None:
    try:
        api.send(raw, thread)
    except SourceError as error:  # surely not sent, so its writer may change it and send it again
        _conclude(database, draft_id, "edited", str(error))
    else:
        _conclude(database, draft_id, "sent")


def _read(store: Store, draft_id: int) -> _Task | None:
    with store.database.read() as session:
        draft = session.get(Draft, draft_id)
        if draft is None or draft.state not in ("queued", "sending"):
            return None
        account = session.get_one(Account, session.get_one(Message, draft.message_id).account_id)
        placed = select(Placement.uid).join(Folder).where(Placement.message_id == draft.message_id)
        uid = session.scalars(placed.where(Folder.account_id == account.id)).first()
        secret = store.vault.unlock(account.secret) if account.secret else ""
        return _Task(account.id, secret, outgoing(store.vault, account, draft), uid, draft.state == "sending")


def _note(database: Database, draft_id: int, state: str) -> None:
    with database.write() as session:
        draft = session.get_one(Draft, draft_id, with_for_update=True)
        draft.state, draft.updated_at = state, datetime.now(UTC)


def _conclude(database: Database, draft_id: int, state: str, error: str = "") -> None:
    with database.write() as session:
        draft = session.get(Draft, draft_id, with_for_update=True)
        if draft is None:
            return
        draft.state, draft.updated_at = state, datetime.now(UTC)
        account_id = session.get_one(Message, draft.message_id).account_id
        told = {"draft_id": draft.id, "message_id": draft.message_id} | ({"error": error} if error else {})
        name = "draft.failed" if state == "edited" else f"draft.{state}"
        events.append(session, draft.user_id, events.New(name, told, account_id))
