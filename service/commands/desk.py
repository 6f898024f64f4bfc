"""The desk: does commands, each in one transaction with its events, its audit and the answer to its idempotency key."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from service import inputs
from service.access.limits import Limited
from service.commands.command import Refused, Work
from service.store import events
from service.store.database import insist
from service.store.people import owner
from service.store.scope import read_as, write_as
from service.store.tables import Audit, User
from service.store.tables import Command as Answered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from service.commands.command import Command, Done
    from service.mail.registry import Allowed
    from service.store.opened import Store
    from service.store.queue import Queue

KEPT = timedelta(days=1)
"""How long the answer to an idempotency key is kept at least."""
LONGEST_KEY = 255
MOST = 5000
"""Answers that are kept of one user; who sends more keys within a day waits."""
_REUSED = "the idempotency key was used with another command, or with other data: use a new key for each command"


class Desk:
    """Does the `commands` for users; threads may share it."""

    def __init__(self, store: Store, queue: Queue, allowed: Allowed, commands: Mapping[str, Command[Any, Any]]) -> None:
        self._store = store
        self._queue = queue
        self._allowed = allowed
        self._commands = commands
        self._owner: int | None = None

    def do(self, user_id: int, name: str, given: Any, *, key: str | None = None, actor: str) -> dict[str, Any]:
        """Do a command with data that came as JSON; returns its answer, as JSON.

        With a `key` the same command again does nothing more and has the first answer. `actor` says for the audit who
        asked, such as "http". Raises `Refused`, `Limited`, and the database's errors; then nothing has been done.
        """
        command = self._commands.get(name)
        if command is None:
            raise Refused(404, f"there is no command {name[:100]!r}: there are {', '.join(self._commands)}")
        input_ = _input(command, given)
        if key is not None and not (1 <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
            raise Refused(400, f"an idempotency key has 1 to {LONGEST_KEY} printable characters of ASCII")
        self._know_the_owner()
        if not command.changes:
            with read_as(self._store.database, user_id) as session:
                return _answer(command.run(self._work(session, user_id), input_))
        prepared = None
        if command.prepare is not None:
            with read_as(self._store.database, user_id) as session:
                prepared = command.prepare(session, input_)

        def change() -> dict[str, Any]:
            with write_as(self._store.database, user_id) as session:
                work = self._work(session, user_id, prepared)
                row = self._claim(work, key, json.dumps([name, given], sort_keys=True)) if key else None
                if row is not None and row.answer:
                    return row.answer
                done = command.run(work, input_)
                if name != "everything.delete" and user_id != self._owner and not session.scalar(select(User.name)):
                    raise Refused(409, "everything of yours was deleted meanwhile: sign in again")
                answer = _answer(done)
                if row is not None:
                    row.answer = answer
                session.add(Audit(user_id=user_id, at=work.now, actor=actor, action=name, detail=done.audit))
                events.append(session, user_id, *done.events)
            return answer

        return insist(change)

    def _work(self, session: Session, user_id: int, prepared: Any = None) -> Work:
        return Work(
            session, user_id, self._store.vault, self._queue, self._allowed_to(user_id), datetime.now(UTC), prepared
        )

    def _allowed_to(self, user_id: int) -> Allowed:
        return self._allowed if user_id == self._owner else self._allowed.of_others()

    def _know_the_owner(self) -> None:
        if self._owner is None:
            with read_as(self._store.database, "everybody") as session:
                self._owner = owner(session)

    def _claim(self, work: Work, key: str, asked: str) -> Answered:
        """The row of an idempotency key; without an answer when it is new. Whoever is at the command now is waited for.

        Raises `Refused` when the key stands for another command, and `Limited` when there are too many.
        """
        # Keyed with the vault's secret: a plain digest would let a stored password be guessed.
        digest = self._store.vault.fingerprint(asked)
        row = Answered(user_id=work.user_id, key=key, digest=digest, answer={}, at=work.now)
        try:
            with work.session.begin_nested():
                work.session.add(row)
        except IntegrityError:
            row = work.session.scalars(select(Answered).where(Answered.key == key)).one()
            if row.digest != digest:
                raise Refused(422, _REUSED) from None
            return row
        known, oldest = work.session.execute(select(func.count(), func.min(Answered.at)).select_from(Answered)).one()
        if known > MOST:
            wait = (oldest + KEPT - work.now).total_seconds()
            raise Limited(f"{MOST} of your idempotency keys are remembered for a day, and no more", max(wait, 0.0))
        return row


def forget_answers(session: Session, before: datetime) -> int:
    """Forget the answers from before a time, for every user; returns how many there were."""
    gone = session.execute(delete(Answered).where(Answered.at < before))
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a CursorResult, as DELETE gives


def _input(command: Command[Any, Any], given: Any) -> Any:
    if not isinstance(given, dict):
        raise Refused(422, f"{command.name} takes an object, and this is none")
    try:
        return inputs.from_json(command.input, given)
    except inputs.Invalid as invalid:
        raise Refused(422, f"{command.name} cannot be done with this: {invalid}", invalid.errors) from None


def _answer(done: Done[Any]) -> dict[str, Any]:
    answer: dict[str, Any] = done.answer.model_dump(mode="json")
    return answer
