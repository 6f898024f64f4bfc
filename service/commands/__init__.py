"""Commands: all that a user has the service do, the same over HTTP and over Socket.IO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.commands import accounts, corrections, dead_letters, drafts, everything, rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.commands.command import Command

COMMANDS: Mapping[str, Command[Any, Any]] = {
    command.name: command
    for room in (accounts, corrections, drafts, rules, dead_letters, everything)
    for command in room.COMMANDS
}
"""Every command by its name."""
