"""MIME to plain values: from the bytes of a message to what a person and the assistant read."""

from service.core.mime.limits import LIMITS, Limits
from service.core.mime.message import attached, parse, parse_headers

__all__ = ["LIMITS", "Limits", "attached", "parse", "parse_headers"]
