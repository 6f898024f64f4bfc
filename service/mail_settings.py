"""The settings of mailboxes: what accounts may reach, and how much of their mail is stored."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # pydantic reads the annotations
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from service import values
from service.gmail_settings import GmailSettings
from service.setting import setting


class MailSettings(GmailSettings):
    """What there is to say about mail, wherever it comes from."""

    demo: Annotated[bool, BeforeValidator(values.switch)] = setting(
        "DEMO",
        True,
        says="Whether a sample mailbox arrives while there is no account.",
        accepted="'true' or 'false'",
    )
    max_message_size: Annotated[int, Field(ge=10_000, le=100_000_000)] = setting(
        "MAX_MESSAGE_SIZE",
        10_000_000,
        says="Of a larger message only the header is stored; in bytes.",
        accepted="a whole number of bytes from 10000 to 100000000",
    )
    storage_quota: Annotated[int, Field(ge=0, le=10**15)] = setting(
        "STORAGE_QUOTA",
        0,
        says="The mail of each user that is stored, in bytes: once there is so much, of new messages only the headers "
        "are, up to a tenth more; then new mail waits where it is. 0 is no quota.",
        accepted="a whole number of bytes from 0, for none, to 1000000000000000",
    )
    maildir_roots: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(values.absolute_paths)] = setting(
        "MAILDIR_ROOTS",
        (),
        says="The directories below which the owner may have Maildirs followed; by default 'maildir' in DATA_DIR.",
        accepted="absolute paths, or ones that begin with '~/', separated by commas",
    )
    imap_allow_private: Annotated[bool, BeforeValidator(values.switch)] = setting(
        "IMAP_ALLOW_PRIVATE",
        False,
        says="Whether mail servers of the owner's accounts may be in this machine or in a private network.",
        accepted="'true' or 'false'",
    )
