"""Everything: the user takes it along, or has it deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse

from service.api.downloads import as_file
from service.api.operation import command, download
from service.inputs import Input
from service.store import export

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response

    from service.store.database import Database

MBOX = "application/mbox"
JSONL = "application/jsonl"


class Nothing(Input):
    """Nothing: it is everything."""


def get_mbox(database: Database, user_id: int, _: Nothing) -> Response:
    """All mail, byte for byte but for what the format asks."""
    return _stream(export.mbox(database, user_id), MBOX, "airlock.mbox")


def get_jsonl(database: Database, user_id: int, _: Nothing) -> Response:
    """All that is kept, an object on each line; its `record` says what it is."""
    return _stream(map(_line, export.records(database, user_id)), JSONL, "airlock.jsonl")


OPERATIONS = (
    download("export.mbox", "/export/mbox", "Export all mail", (MBOX,), get_mbox, Nothing),
    download("export.json", "/export/json", "Export all that is kept", (JSONL,), get_jsonl, Nothing),
    command("everything.delete", "POST", "/delete-everything"),
)


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _stream(parts: Iterator[bytes], media_type: str, name: str) -> Response:
    return StreamingResponse(parts, media_type=media_type, headers=as_file(name))
