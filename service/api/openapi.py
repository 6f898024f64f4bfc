"""The API's description (OpenAPI 3.1), made from the operations and their models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from service.commands.desk import LONGEST_KEY
from service.inputs import Problem
from service.instance import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from service.api.described import Described
    from service.api.operation import Operation

_REF = "#/components/schemas/{model}"
_INFO = {
    "title": "Airlock",
    "version": VERSION,
    "summary": "An e-mail assistant that follows mailboxes, and says what is in them.",
    "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
}
_SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The access token (ACCESS_TOKEN, or the one that was logged at the first boot), or one for "
        "scripts, which POST /auth/tokens makes.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-airlock-session",
        "description": "A browser that is signed in. Whatever is not GET needs the header X-CSRF-Token, which "
        "GET /auth/check says, and has to come from a page of the site.",
    },
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same key, the command does nothing more and has the first answer "
    "(draft-ietf-httpapi-idempotency-key-header). A string in double quotes, which may lack.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}
_SAID = {
    400: "The body, or the idempotency key, cannot be read; or a sign-in did not begin in this browser.",
    401: "There is no access token and no session, or it opens nothing.",
    403: "The token may only read; or a session's request has no CSRF token, or comes from another site; or a "
    "person may not sign in.",
    404: "There is no such thing.",
    409: "It cannot be done as things are.",
    413: "The body is too large.",
    415: "A body of that type is not read.",
    422: "Something in the request cannot be used; `errors` says what, where, and what is accepted.",
    429: "It was asked for too often, or wrong tokens were sent too often; Retry-After says how long to wait.",
    502: "The provider does not answer as it should.",
    503: "The database does not answer; Retry-After says how long to wait.",
}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait before it is asked for again (RFC 9110, 10.2.3).",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
_HEADERS = {429: {"headers": _RETRY_AFTER}, 503: {"headers": _RETRY_AFTER}}
"""What an answer has in its head beside a body, by its status."""


def describe(operations: Iterable[Operation], prefix: str, others: Iterable[Described] = ()) -> dict[str, Any]:
    """The document: `prefix` is in front of the path of every operation, and of nothing else."""
    known: list[tuple[str, Operation | Described]] = [(prefix + one.path, one) for one in operations]
    known += [(one.path, one) for one in others]
    schemas = _Schemas([operation for _, operation in known])
    paths: dict[str, dict[str, Any]] = {}
    for path, operation in known:
        paths.setdefault(path, {})[operation.method.lower()] = _described(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": _SECURITY},
        "security": [{"token": []}, {"session": []}],
    }


class _Schemas:
    """The JSON schemas of all models: of what is taken, and of what is answered."""

    def __init__(self, operations: list[Operation | Described]) -> None:
        wanted: dict[tuple[type[BaseModel], Any], None] = {(Problem, "serialization"): None}
        for operation in operations:
            wanted[operation.input, "validation"] = None
            if not isinstance(operation.answer, tuple):
                wanted[operation.answer, "serialization"] = None
        self._references, definitions = models_json_schema(list(wanted), ref_template=_REF)
        known = definitions["$defs"]
        inputs = {self._name(operation.input, "validation") for operation in operations}
        self._inputs = {name: known[name] for name in inputs}
        self.components: dict[str, Any] = {name: schema for name, schema in known.items() if name not in inputs}

    def answer(self, model: type[BaseModel]) -> Any:
        """The schema of an answer."""
        return self._references[model, "serialization"]

    def properties(self, model: type[BaseModel]) -> dict[str, Any]:
        """The schemas of an input's fields."""
        found: dict[str, Any] = self._inputs[self._name(model, "validation")].get("properties", {})
        return found

    def required(self, model: type[BaseModel]) -> list[str]:
        """The fields that an input must have."""
        found: list[str] = self._inputs[self._name(model, "validation")].get("required", [])
        return found

    def _name(self, model: type[BaseModel], mode: Any) -> str:
        return str(self._references[model, mode]["$ref"]).rpartition("/")[2]


def _described(operation: Operation | Described, schemas: _Schemas) -> dict[str, Any]:
    in_path = re.findall(r"{(\w+)}", operation.path)
    fields = schemas.properties(operation.input)
    required = schemas.required(operation.input)
    others = {name: schema for name, schema in fields.items() if name not in in_path}
    parameters = [_parameter(name, "path", fields[name], required=True) for name in in_path]
    told: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.id.partition(".")[0]],
        "responses": _responses(operation, schemas),
    }
    if not operation.is_closed:
        told["security"] = []
    if operation.bodies is None:
        parameters += [_parameter(name, "query", schema, required=name in required) for name, schema in others.items()]
    else:
        parameters += [_KEY] if operation.takes_key else []
        body = {
            "type": "object",
            "properties": others,
            "required": [name for name in required if name in others],
            "additionalProperties": False,
        }
        told["requestBody"] = {
            "required": bool(body["required"]),
            "content": {media_type: {"schema": body} for media_type in operation.bodies},
        }
    return {**told, "parameters": parameters} if parameters else told


def _parameter(name: str, place: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    # A parameter that is left out is absent: in a URL there is no null.
    given = [one for one in schema.get("anyOf", [schema]) if one != {"type": "null"}]
    shown = {"anyOf": given} if len(given) > 1 else {key: value for key, value in given[0].items() if key != "title"}
    if schema.get("default") is not None:
        shown["default"] = schema["default"]
    described = {"description": shown.pop("description")} if "description" in shown else {}
    return {"name": name, "in": place, "required": required, **described, "schema": shown}


def _responses(operation: Operation | Described, schemas: _Schemas) -> dict[str, Any]:
    if isinstance(operation.answer, tuple):
        content: dict[str, Any] = {media_type: {} for media_type in operation.answer}
    else:
        content = {"application/json": {"schema": schemas.answer(operation.answer)}}
    responses: dict[str, Any] = {str(operation.status): {"description": "It is done.", "content": content}}
    problem = {"application/problem+json": {"schema": schemas.answer(Problem)}}
    for status in sorted(operation.problems):
        responses[str(status)] = {"description": _SAID[status], **_HEADERS.get(status, {}), "content": problem}
    return responses
