"""What a test needs and a machine may not have."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lack(name: str, reason: str) -> NoReturn:
    """Skip the test; in CI fail it instead, unless MAY_LACK, names separated by commas, has this one."""
    if os.environ.get("CI") and name not in os.environ.get("MAY_LACK", "").split(","):
        pytest.fail(f"{reason}; where that cannot be helped, MAY_LACK={name} lets CI skip the test", pytrace=False)
    pytest.skip(reason)
