"""`GET /debug-config`: every setting in force, for the owner of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from service.store.people import is_owner

if TYPE_CHECKING:
    from starlette.requests import Request

    from service.settings import Settings
    from service.store.database import Database


class DebugConfig:
    """Each variable's value (secrets redacted), its source and its meaning."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def get(self, request: Request) -> JSONResponse:
        """Answer with JSON that no cache keeps."""
        if not await run_in_threadpool(is_owner, self._database, request.scope["user"]):
            raise HTTPException(403, "the settings are shown to the owner of the service alone")
        body = {"mode": self._settings.mode, "settings": self._settings.describe()}
        return JSONResponse(body, headers={"Cache-Control": "no-store"})
