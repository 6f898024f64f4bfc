"""What a user enters to have a mailbox on an IMAP server followed; the password is the account's secret."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from service.mail.source import INBOX

PORTS = {"tls": 993, "starttls": 143, "none": 143}
_HOST = re.compile(r"[0-9a-z](?:[0-9a-z._-]*[0-9a-z])?\.?|[0-9a-f:.]*:[0-9a-f:.]*")
Line = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ImapSettings(BaseModel):
    """`port` is the usual one of `security` unless it is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Line = Field(description="the name of the mail server, such as imap.example.org, or its IP address")
    security: Literal["tls", "starttls", "none"] = Field(
        default="tls",
        description="'tls', 'starttls', or 'none', which is for servers in this machine or in a private network",
    )
    port: int = Field(default=993, ge=1, le=65535, description="a port from 1 to 65535")
    username: Line = Field(description="the name to log in with, mostly the whole address, of at most 255 characters")
    folders: list[Line] | Literal["all"] = Field(
        default=[INBOX],
        description="a list of 1 to 50 folders, or 'all' for all but drafts, junk, trash and views of other folders",
    )
    poll_seconds: int = Field(
        default=60,
        ge=5,
        le=1500,
        description="from 5 to 1500 seconds between looks at what the server does not tell",
    )

    @model_validator(mode="before")
    @classmethod
    def _usual_port(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("port") is None:
            return given | {"port": PORTS.get(str(given.get("security", "tls")), 993)}
        return given

    @field_validator("host")
    @classmethod
    def _is_host(cls, host: str) -> str:
        name = host.strip().lower().removeprefix("[").removesuffix("]")
        if not _HOST.fullmatch(name) or ".." in name:
            raise ValueError(
                f"host is {host!r}: it has to be the name or the IP address of a mail server, without a scheme, a port "
                "or a path; a name with other letters than a to z is written as xn--…"
            )
        return name

    @field_validator("folders")
    @classmethod
    def _some_folders(cls, folders: list[str] | str) -> list[str] | str:
        if isinstance(folders, str):
            return folders
        named = list(dict.fromkeys(INBOX if name.upper() == INBOX else name for name in folders))
        if not 1 <= len(named) <= 50:
            raise ValueError(f"folders has {len(named)} in it: it has to be {cls.model_fields['folders'].description}")
        return named
