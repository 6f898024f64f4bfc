"""What a user may choose about a mailbox at Gmail; the refresh token is the account's secret."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class GmailSettings(BaseModel):
    """All has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    poll_seconds: int = Field(default=60, ge=5, le=1500, description="from 5 to 1500 seconds between looks for changes")
