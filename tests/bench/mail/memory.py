"""Whether the worker's memory grows with the mail that it has brought and understood."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.figures import MEBIBYTES, Figure, Target
from tests.bench.mail.letters import letters

if TYPE_CHECKING:
    from tests.bench.mail.setups import Setup
    from tests.service.dovecot_server import DovecotServer

EARLIER, MESSAGES = 5_000, 20_000
TARGET = Target(1.1)
_USER = "much@example.com"
_AT_ONCE = 1_000


def measure(mail: DovecotServer, setup: Setup, earlier: int = EARLIER, messages: int = MESSAGES) -> list[Figure]:
    """Resident memory after all messages beside that after the first part of them, once."""
    with setup.assistant() as assistant:
        assistant.follow(mail, _USER)
        sizes = []
        for first, last in ((0, earlier), (earlier, messages)):
            for at in range(first, last, _AT_ONCE):
                print(f"memory: {at:,} of {messages:,} messages", file=sys.stderr, flush=True)
                mail.append(_USER, *letters(min(_AT_ONCE, last - at), at))
                assistant.wait(min(at + _AT_ONCE, last))
            sizes.append(_resident(assistant.worker))
    name = f"memory (RSS) of the worker on {setup.name} after {messages:,} messages ÷ after {earlier:,}"
    return [Figure(name, MEBIBYTES, sizes[1:], sizes[:1], TARGET)]


def _resident(pid: int) -> float:
    """Bytes (proc(5), VmRSS)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii").split("VmRSS:")[1]
    return 1024.0 * int(status.split()[0])
