"""Everything here needs Helm."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.image.build import build
from tests.image.conftest import revision

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def image() -> str:
    """The image under test: the one that IMAGE names, or one built from this tree."""
    return os.environ.get("IMAGE") or build("airlock:test", "--build-arg", f"REVISION={revision()}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what runs Helm."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.helm)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without Helm its tests are skipped, except in CI, where they fail."""
    if item.get_closest_marker("helm") and shutil.which("helm") is None:
        if os.environ.get("CI"):
            pytest.fail("needs Helm: there is no `helm` command", pytrace=False)
        pytest.skip("needs Helm: there is no `helm` command")
