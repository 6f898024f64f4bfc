"""The attachments of a message, each as a file."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from sqlalchemy import select
from starlette.responses import Response

from service.api.downloads import as_file
from service.api.operation import download
from service.commands.command import Refused
from service.core.filename import safe_filename
from service.core.mime import LIMITS, attached
from service.inputs import Id, Input
from service.store.scope import read_as
from service.store.tables import Raw

if TYPE_CHECKING:
    from service.core.email import Attachment
    from service.store.database import Database

BYTES = "application/octet-stream"
"""The type of whatever is not among `INERT`."""
INERT = (
    "application/pdf", "application/zip", "audio/mpeg", "audio/ogg", "audio/wav", "image/avif", "image/bmp",
    "image/gif", "image/heic", "image/jpeg", "image/png", "image/tiff", "image/webp", "video/mp4", "video/webm",
)  # fmt: skip
"""Types that no browser runs anything of; only these are passed on as they were declared."""


class Which(Input):
    """Which attachment of which message."""

    id: Id
    number: Annotated[int, Field(ge=1, le=LIMITS.parts, description="Its place in `attachments`; the first is 1.")]


def get_attachment(database: Database, user_id: int, given: Which) -> Response:
    """The bytes of an attachment, decoded."""
    with read_as(database, user_id) as session:
        data = session.scalar(select(Raw.data).where(Raw.message_id == given.id, Raw.complete))
    found = attached(data, given.number) if data is not None else None
    if found is None:
        raise Refused(404, f"there is no attachment {given.number} of a message {given.id}")
    attachment, content = found
    type_ = attachment.type if attachment.type in INERT else BYTES
    return Response(content, media_type=type_, headers=as_file(_name(attachment, given.number)))


OPERATIONS = (
    download(
        "attachments.get",
        "/messages/{id}/attachments/{number}",
        "Download an attachment",
        (BYTES, *INERT),
        get_attachment,
        Which,
        (404,),
    ),
)


def _name(attachment: Attachment, number: int) -> str:
    extension = mimetypes.guess_extension(attachment.type) or ""
    return safe_filename(attachment.name, f"attachment-{number}{extension}")
