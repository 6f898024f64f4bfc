"""What the model may answer, two texts that speak of the mail alone, and how it fails to."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.ai.mask import Mask, references
from service.core.mime.charset import storable

SUMMARY = 600
"""Characters of a summary at most."""
DRAFT = 2000
"""Characters of a draft at most."""


class NoAnswer(Exception):
    """There is no usable answer; the message is a clause for the user, without anything that the endpoint said."""

    def __init__(self, words: str, *, again: bool = False, after: float = 0.0, spent: bool = True) -> None:
        super().__init__(words)
        self.again = again
        """Whether a later try could succeed."""
        self.after = after
        """Seconds that the endpoint wants to be left alone."""
        self.spent = spent
        """Whether it may have cost tokens."""


class Refused(Exception):
    """The answer is not used; the message is a clause for the user, which quotes nothing of it."""


class Answer(BaseModel):
    """The summary of a message, and the text of a reply, "" where none is wanted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    summary: str = Field(min_length=1, max_length=SUMMARY)
    draft: str = Field(max_length=DRAFT)


def schema() -> dict[str, Any]:
    """The JSON schema that is asked for, without lengths: not every endpoint knows them, and the task names them."""
    texts = {name: {"type": "string"} for name in Answer.model_fields}
    return {"type": "object", "properties": texts, "required": list(texts), "additionalProperties": False}


def read(content: str, mask: Mask, mail: str) -> Answer:
    """The answer with the words behind its placeholders; `mail` is what it may refer to. Raises `Refused`."""
    try:
        answer = Answer.model_validate_json(content)
    except ValidationError:
        raise Refused("its answer was not of the form that was asked for") from None
    try:
        texts = {name: storable(mask.unmask(text)).strip() for name, text in answer.model_dump().items()}
        shown = Answer.model_validate(texts)
    except ValueError:  # a ValidationError is one too
        raise Refused("its answer was too long, empty, or named somebody who is not in the message") from None
    if references(f"{shown.summary}\n{shown.draft}") - references(mail):
        raise Refused("its answer had a link or an address in it that is not in the message")
    return shown
