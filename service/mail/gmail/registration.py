"""The service as Google knows it: the OAuth client of the operator, and where Google is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Registration:
    """Below `issuer` Google says where its OAuth endpoints are; below `api` is Gmail."""

    client_id: str
    client_secret: SecretStr
    issuer: str
    api: str
    sends: bool = False
    """Whether replies are sent that their writer wants sent."""
