"""A setting: one variable of the environment, with its meaning and with the words that name what is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

if TYPE_CHECKING:
    from pydantic import AliasChoices


def setting(variable: str | AliasChoices, default: Any, *, says: str, accepted: str, judge_unset: bool = False) -> Any:
    """A field read from `variable`, with its meaning and with the words that name what is accepted.

    With `judge_unset` its validators see the default too, for a variable that others need.
    """
    return Field(
        default,
        validation_alias=variable,
        description=says,
        json_schema_extra={"accepted": accepted},
        validate_default=judge_unset,
    )
