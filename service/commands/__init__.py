"""Commands: all that a user has the service do, the same over HTTP and over Socket.IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.commands import accounts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.commands.command import Command

COMMANDS: Mapping[str, Command[Any, Any]] = {command.name: command for command in accounts.COMMANDS}
"""Every command by its name."""
