"""Mail at Gmail, read through its REST API and followed by its history."""

from service.mail.gmail.source import Gmail

__all__ = ["Gmail"]
