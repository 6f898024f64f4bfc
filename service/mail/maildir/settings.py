"""What a user enters to have a Maildir followed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from service.mail.maildir.source import is_inside

if TYPE_CHECKING:
    from service.mail.registry import Allowed


class MaildirSettings(BaseModel):
    """Validated with the operator's `Allowed` as context."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(
        description="the absolute path of a Maildir, which is a folder with 'new', 'cur' and 'tmp' in it"
    )

    @field_validator("path")
    @classmethod
    def _below_a_root(cls, path: Path, info: ValidationInfo) -> Path:
        roots = cast("Allowed", info.context).maildir_roots
        if not roots:
            raise ValueError("the Maildirs of this machine are the owner's alone: follow this mailbox over IMAP")
        if "\0" in str(path) or not path.is_absolute() or not is_inside(path, roots):
            raise ValueError(
                f"the path {str(path)!r} is not that of a folder below {' or '.join(map(str, roots))}: "
                "name one there, or ask the operator to add its directory to MAILDIR_ROOTS"
            )
        return path
