"""Endpoints: a request is read, handed to its operation in a thread, and answered."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import Route

from service.api.operation import Asked
from service.commands.command import Refused
from service.forwarded import network_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from service.api.operation import Operation, Services
    from service.inputs import Error


def routes(services: Services, operations: Iterable[Operation]) -> list[Route]:
    """A route for each path, which knows all of its methods."""
    by_path: dict[str, dict[str, Operation]] = defaultdict(dict)
    for operation in operations:
        by_path[operation.path][operation.method] = operation
    return [
        Route(path.replace("}", ":int}"), _endpoint(services, methods), methods=list(methods))
        for path, methods in by_path.items()
    ]


def _endpoint(services: Services, methods: Mapping[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        operation = methods["GET" if request.method == "HEAD" else request.method]
        query = _query(request)
        if operation.bodies is None:
            given = {**query, **{name: str(value) for name, value in request.path_params.items()}}
        else:
            if query:
                raise _wrong(next(iter(query)), "There is no such parameter here")
            given = await body(request, operation.bodies)
            for name in request.path_params:
                if name in given:
                    raise _wrong(name, "It is in the path already")
            given |= request.path_params
        services.costly.admit(operation.id, given, request.scope["user"], network_of(request.scope))
        asked = Asked(services, request.scope["user"], given, _key(request) if operation.takes_key else None)
        return await run_in_threadpool(operation.serve, asked)

    return answer


def _query(request: Request) -> dict[str, str]:
    items = request.query_params.multi_items()
    query = dict(items)
    if len(query) < len(items):
        names = [name for name, _ in items]
        raise _wrong(next(name for name in names if names.count(name) > 1), "It is given more than once")
    return query


async def body(request: Request, bodies: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    """The object that a request's body is, read by its media type. Raises `HTTPException` 400 and 415."""
    sent = await request.body()
    if not sent:
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in bodies:
        told = f"a body of type {media_type!r}" if media_type else "a body without a Content-Type"
        raise HTTPException(415, f"{told} is not read here: send {' or '.join(bodies)}")
    try:
        read = bodies[media_type](sent.decode())
    except (ValueError, RecursionError) as error:
        why = error if isinstance(error, ValueError) else "it is nested too deeply"
        raise HTTPException(400, f"the body is no {media_type}: {why}") from None
    if not isinstance(read, dict):
        raise HTTPException(400, "the body has to be an object")
    return read


def _key(request: Request) -> str | None:
    """The value of Idempotency-Key, a string (RFC 9651, 3.3.3) whose quotes may lack."""
    header = request.headers.get("idempotency-key")
    if header is None or len(header) < 2 or not header.startswith('"') or not header.endswith('"'):
        return header
    return header[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def _wrong(where: str, what: str) -> Refused:
    error: Error = {"where": where, "what": what}
    return Refused(422, f"the request cannot be served: {where}: {what}", [error])
