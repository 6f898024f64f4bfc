"""`GET /debug-config`: every setting in force, for the people who run the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.requests import Request

    from service.settings import Settings


class DebugConfig:
    """Each variable's value (secrets redacted), its source and its meaning."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def get(self, _: Request) -> JSONResponse:
        """Answer with JSON that no cache keeps."""
        body = {"mode": self._settings.mode, "settings": self._settings.describe()}
        return JSONResponse(body, headers={"Cache-Control": "no-store"})
