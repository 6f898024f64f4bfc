"""The worker's tasks: each one that the supervisor keeps running is listed here."""

from __future__ import annotations

from service.control import pulse
from service.control.task import Task


def tasks() -> list[Task]:
    """What a process that works does in the background."""
    return [Task("pulse", pulse.run, silence=3 * pulse.EVERY)]
