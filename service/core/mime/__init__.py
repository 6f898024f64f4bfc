"""MIME to plain values: from the bytes of a message to what a person and the assistant read."""

from service.core.mime.limits import LIMITS, Limits
from service.core.mime.message import parse, parse_headers

__all__ = ["LIMITS", "Limits", "parse", "parse_headers"]
