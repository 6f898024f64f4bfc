"""`GET /`: what runs here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from service.instance import NAME, VERSION, Instance

if TYPE_CHECKING:
    from starlette.requests import Request


class About:
    """Name, version, commit (null when unknown), mode, and uptime in seconds."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    async def get(self, _: Request) -> JSONResponse:
        """Answer with JSON."""
        return JSONResponse(
            {
                "name": NAME,
                "version": VERSION,
                "commit": self._instance.commit,
                "mode": self._instance.mode,
                "uptime_seconds": round(self._instance.uptime(), 3),
            }
        )
