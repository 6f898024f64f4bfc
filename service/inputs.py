"""What comes from outside, as the model that says what is accepted; and what is wrong with it, in words."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from typing_extensions import TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]")

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""The id of a row."""


def _date_time(given: Any) -> Any:
    if isinstance(given, str) and not _DATE_TIME.match(given):
        raise ValueError("It has to be a time such as 2026-01-31T12:00:00Z")
    return given


Time = Annotated[
    AwareDatetime,
    BeforeValidator(_date_time),  # pydantic would take a number for seconds
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]
"""A time with its zone (RFC 3339)."""
Limit = Annotated[int, Field(ge=1, le=100, description="How many at most.")]

_BROKEN = re.compile("[\0\ud800-\udfff]")
_LONGEST = 200  # characters of a value that an error quotes
_SECRETS = ("secret", "password", "token")


class Input(BaseModel):
    """What a client sends: JSON has the very types, and there is nothing beside what is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """What a client is shown, made from its fields or from a row that has them as attributes."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


I = TypeVar("I", bound=BaseModel)  # noqa: E741


class Error(TypedDict):
    """One thing that is wrong: where, what, the value (no secret, and none that is large), and what is accepted."""

    where: str
    what: str
    value: NotRequired[str | int | float | bool | None]
    accepted: NotRequired[list[str]]


class Problem(BaseModel):
    """Why a request is not served (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = ""
    request_id: str = ""
    errors: list[Error] = Field(default_factory=list)


class Invalid(ValueError):
    """What came in cannot be used."""

    def __init__(self, errors: list[Error]) -> None:
        super().__init__("; ".join(": ".join(filter(None, (error["where"], error["what"]))) for error in errors))
        self.errors = errors


def from_json(model: type[I], given: Mapping[str, Any]) -> I:
    """What a JSON object, decoded, says. Raises `Invalid`."""
    try:
        _refuse_broken(given)
        text = json.dumps(given, allow_nan=False)
    except Invalid:
        raise
    except (TypeError, ValueError, RecursionError):
        raise Invalid(
            [{"where": "", "what": "There is a value in it that JSON has not, or it is nested too deep"}]
        ) from None
    try:
        # As JSON, where a time is a text: as a Python object it would have to be one already.
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise Invalid(errors(error)) from None


def from_text(model: type[I], given: Mapping[str, str]) -> I:
    """What texts, such as those of a query, say. Raises `Invalid`."""
    _refuse_broken(given)
    try:
        return model.model_validate_strings(given)
    except ValidationError as error:
        raise Invalid(errors(error)) from None


def errors(error: ValidationError) -> list[Error]:
    """What pydantic found, for whoever sent it."""
    return [_error(one) for one in error.errors(include_url=False)]


def _refuse_broken(given: Any, where: str = "") -> None:
    """No database keeps half of a surrogate pair, and PostgreSQL no NUL."""
    if isinstance(given, str) and _BROKEN.search(given):
        raise Invalid([{"where": where, "what": "There is a NUL character or half of a surrogate pair in it"}])
    if isinstance(given, dict):
        for name, value in given.items():
            _refuse_broken(name, where)
            _refuse_broken(value, f"{where}.{name}" if where else name)
    if isinstance(given, list):
        for place, value in enumerate(given):
            _refuse_broken(value, f"{where}.{place}" if where else str(place))


def _error(found: ErrorDetails) -> Error:
    where = ".".join(map(str, found["loc"]))
    told: Error = {"where": where, "what": _sentence(found)}
    value = found["input"]
    if found["type"] != "missing" and _may_be_shown(where, value):
        told["value"] = value
    if found["type"] in ("literal_error", "enum"):
        told["accepted"] = [word.strip(" '") for word in found["ctx"]["expected"].replace(" or ", ", ").split(",")]
    return told


def _sentence(found: ErrorDetails) -> str:
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    if found["type"] == "extra_forbidden":
        return "There is no such field here"
    return found["msg"]


def _may_be_shown(where: str, value: Any) -> bool:
    if any(word in where.lower() for word in _SECRETS):
        return False
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _LONGEST)
