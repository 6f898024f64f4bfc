"""A client that holds every answer against the API's own description."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import httpx2
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.service.process import TOKEN

if TYPE_CHECKING:
    from tests.boot import Boot

PATIENCE = 30.0
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


class Description:
    """What /openapi.json says of operations."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._registry = Registry().with_resource("api:", DRAFT202012.create_resource(document))
        paths = sorted(document["paths"], key=lambda path: path.count("{"))
        self._paths = [(re.compile(re.sub(r"{\w+}", "[0-9]+", path)), path) for path in paths]

    def check(self, method: str, path: str, response: httpx2.Response) -> None:
        """Raise AssertionError or jsonschema's ValidationError unless this answer is one that is described."""
        path = path.partition("?")[0]
        template = next(known for pattern, known in self._paths if pattern.fullmatch(path))
        described = self.document["paths"][template][method.lower()]
        answers = described["responses"]
        assert str(response.status_code) in answers, (
            f"{method} {path} answered {response.status_code}, described are {', '.join(answers)}: {response.text}"
        )
        for name, header in answers[str(response.status_code)].get("headers", {}).items():
            assert name in response.headers, f"{method} {path} answered {response.status_code} without {name}"
            Draft202012Validator(header["schema"]).validate(json.loads(response.headers[name]))
        content = answers[str(response.status_code)]["content"]
        media_type = response.headers["content-type"].partition(";")[0]
        assert media_type in content, f"{method} {path} answered {media_type}, described are {', '.join(content)}"
        if "schema" in content[media_type]:
            reference = {"$ref": f"api:{content[media_type]['schema']['$ref']}"}
            validator = Draft202012Validator(reference, registry=self._registry, format_checker=_FORMATS)
            validator.validate(response.json())


class Api:
    """The API of a service, with its token; a context manager."""

    def __init__(self, boot: Boot, token: str = TOKEN) -> None:
        self._http = httpx2.Client(base_url=boot.url, timeout=PATIENCE)
        self.description = Description(self._http.get("/openapi.json").raise_for_status().json())
        self._http.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, method: str, path: str, **request: Any) -> httpx2.Response:
        """Send a request below /api; the answer is one that is described."""
        response = self._http.request(method, f"/api{path}", **request)
        self.description.check(method, f"/api{path}", response)
        return response

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of what must be there."""
        return self._ok(self.send("GET", path, params=query))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """The answer to a command that must succeed."""
        return self._ok(self.send("POST", path, json=body, headers=headers) if body else self.send("POST", path))

    def refused(self, status: int, method: str, path: str, **request: Any) -> dict[str, Any]:
        """The problem of a request that must be refused in this way."""
        response = self.send(method, path, **request)
        assert response.status_code == status, response.text
        problem: dict[str, Any] = response.json()
        assert problem["status"] == status
        return problem

    @staticmethod
    def _ok(response: httpx2.Response) -> Any:
        assert response.is_success, response.text
        return response.json()
