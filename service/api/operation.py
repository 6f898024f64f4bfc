"""An operation of the API: one declaration is both the route and its documentation."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.responses import JSONResponse, Response

from service import inputs
from service.commands import COMMANDS
from service.commands.command import Refused
from service.store.scope import read_as

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session

    from service.access.limits import Costly
    from service.commands.desk import Desk
    from service.store.database import Database

I = TypeVar("I", bound=inputs.Input)  # noqa: E741

JSON: Mapping[str, Callable[[str], Any]] = {"application/json": json.loads}
JSON_OR_TOML: Mapping[str, Callable[[str], Any]] = {**JSON, "application/toml": tomllib.loads}
NO_STORE = {"Cache-Control": "no-store"}
"""What is somebody's mail stays in no cache."""


@dataclass(frozen=True, slots=True)
class Services:
    """What operations are done with."""

    database: Database
    desk: Desk
    costly: Costly
    quota: int
    """Bytes of mail that a user may store; 0 for any number."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, read but not judged: `given` is its path, with its query or its body."""

    services: Services
    user_id: int
    given: dict[str, Any]
    key: str | None
    """The idempotency key, where one was sent."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. Fields of `input` that the path names are in the path, the others in `takes`."""

    id: str
    method: str
    path: str
    summary: str
    input: type[inputs.Input]
    answer: type[inputs.View] | tuple[str, ...]
    """The JSON that is answered, or the media types that an answer that is no JSON may have."""
    serve: Callable[[Asked], Response]
    status: int = 200
    refusals: tuple[int, ...] = ()
    """Statuses of problems beside those that every operation may have."""
    bodies: Mapping[str, Callable[[str], Any]] | None = None
    """How a body is read, by its media type; None where the input is in the query."""

    @property
    def takes_key(self) -> bool:
        """Whether it takes an idempotency key, as commands do."""
        return self.bodies is not None

    @property
    def is_closed(self) -> bool:
        """It wants a token or a session."""
        return True

    @property
    def problems(self) -> set[int]:
        """Statuses of problems."""
        of_bodies = (400, 409, 413, 415) if self.bodies is not None else ()
        return {401, 403, 422, 429, 503, *of_bodies, *self.refusals}


def read(
    id_: str,
    path: str,
    summary: str,
    answer: type[inputs.View],
    run: Callable[[Session, I], inputs.View],
    input_: type[I],
    refusals: tuple[int, ...] = (),
) -> Operation:
    """GET: `run` answers from what the user's session sees."""

    def serve(asked: Asked) -> Response:
        given = judged(input_, asked.given)
        with read_as(asked.services.database, asked.user_id) as session:
            shown = run(session, given)
        return Response(shown.model_dump_json(), media_type="application/json", headers=NO_STORE)

    return Operation(id_, "GET", path, summary, input_, answer, serve, refusals=refusals)


def download(
    id_: str,
    path: str,
    summary: str,
    media_types: tuple[str, ...],
    run: Callable[[Database, int, I], Response],
    input_: type[I],
    refusals: tuple[int, ...] = (),
) -> Operation:
    """GET of what is no JSON: `run` gets the database and the user's id, and answers as it likes."""

    def serve(asked: Asked) -> Response:
        return run(asked.services.database, asked.user_id, judged(input_, asked.given))

    return Operation(id_, "GET", path, summary, input_, media_types, serve, refusals=refusals)


def command(
    name: str,
    method: str,
    path: str,
    status: int = 200,
    refusals: tuple[int, ...] = (),
    bodies: Mapping[str, Callable[[str], Any]] = JSON,
) -> Operation:
    """Any other method: the command of that name."""
    known = COMMANDS[name]

    def serve(asked: Asked) -> Response:
        answer = asked.services.desk.do(asked.user_id, name, asked.given, key=asked.key, actor="http")
        return JSONResponse(answer, status, NO_STORE)

    return Operation(name, method, path, known.summary, known.input, known.answer, serve, status, refusals, bodies)


def judged(model: type[I], given: Mapping[str, str]) -> I:
    """The texts of a path and a query as a model. Raises `Refused`."""
    try:
        return inputs.from_text(model, given)
    except inputs.Invalid as invalid:
        raise Refused(422, f"the request cannot be served: {invalid}", invalid.errors) from None
