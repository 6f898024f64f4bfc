"""Commands over Socket.IO: whatever a client sends, it is acknowledged with what was done or why it was not."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, JsonValue
from sqlalchemy.exc import SQLAlchemyError

from service import inputs
from service.access.limits import Limited
from service.commands.command import Refused
from service.commands.desk import LONGEST_KEY
from service.store.scope import serving

if TYPE_CHECKING:
    from service.access.caller import Caller
    from service.access.limits import Costly
    from service.commands.desk import Desk

log = logging.getLogger("service.commands")

AT_ONCE = 8
"""Commands of one client that may be under way."""
_SHAPE = 'a command is an object such as {"name": "accounts.sync", "input": {"id": 1}, "key": "…"}'


class Asked(inputs.Input):
    """A command as it is sent: its name, what it takes, and an idempotency key."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    input: dict[str, JsonValue] = Field(default_factory=dict)
    key: Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)] | None = None


class Commands:
    """Has one client's commands done by the desk."""

    def __init__(self, desk: Desk, costly: Costly, caller: Caller, network: str) -> None:
        self._desk = desk
        self._costly = costly
        self._caller = caller
        self._network = network
        self._under_way = 0

    async def do(self, *sent: Any) -> dict[str, Any]:
        """The acknowledgement: `{"ok": true, "data"}`, or `{"ok": false, "error": {"status", "detail"}}`.

        An error has `errors` too where single fields of the input are wrong. Raises nothing.
        """
        if not self._caller.writes:
            return refusal(403, "this token may only read")
        if self._under_way >= AT_ONCE:
            return refusal(429, f"{AT_ONCE} commands of this client are under way: send the next one after an answer")
        self._under_way += 1
        try:
            asked = _asked(sent)
            self._costly.admit(asked.name, asked.input, self._caller.user_id, self._network)
            with serving(self._caller.user_id):
                done = await asyncio.to_thread(
                    self._desk.do, self._caller.user_id, asked.name, asked.input, key=asked.key, actor="socket.io"
                )
        except Refused as refused:
            return refusal(refused.status, refused.detail, refused.errors)
        except Limited as limited:
            return refusal(429, limited.detail)
        except SQLAlchemyError as error:
            log.warning("a command is not done: %s", type(error).__name__)
            return refusal(503, "the database does not answer: send the command again, with the same key")
        except Exception:
            log.exception("a command failed")
            return refusal(500, "the service failed to do this command; the log of the service says why")
        finally:
            self._under_way -= 1
        return {"ok": True, "data": done}


def refusal(status: int, detail: str, errors: list[inputs.Error] | None = None) -> dict[str, Any]:
    """The acknowledgement of what is not done; `status` is that of HTTP."""
    error: dict[str, Any] = {"status": status, "detail": detail}
    if errors:
        error["errors"] = errors
    return {"ok": False, "error": error}


def _asked(sent: tuple[Any, ...]) -> Asked:
    if len(sent) != 1 or not isinstance(sent[0], dict):
        raise Refused(400, _SHAPE)
    try:
        return inputs.from_json(Asked, sent[0])
    except inputs.Invalid as invalid:
        raise Refused(400, f"{_SHAPE}: {invalid}", invalid.errors) from None
