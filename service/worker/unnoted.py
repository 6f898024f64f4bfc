"""How accounts are that could not be noted, as on a full disk: known to this process, which follows them, alone."""

from __future__ import annotations

states: dict[int, str] = {}
"""By the account's id, until the database takes it or the account is followed no more."""
