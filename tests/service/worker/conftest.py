"""Accounts for the tests of the worker."""

from __future__ import annotations

from tests.service.store.conftest import mailbox

__all__ = ["mailbox"]
