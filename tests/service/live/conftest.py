"""What commands can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    """An empty Maildir."""
    folder = tmp_path / "mail" / "box"
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    return folder
