"""The image under test: the one that IMAGE names, or one built from this tree."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from testcontainers.core.config import testcontainers_config

from image import archive
from tests.image.build import ROOT, build

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the image needs Docker, and the first such test waits for the build."""
    for item in items:
        if item.path.is_relative_to(HERE) and "image" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.docker)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def image() -> str:
    """The tag of the image under test."""
    return os.environ.get("IMAGE") or build("airlock:test", "--build-arg", f"REVISION={revision()}")


@pytest.fixture(scope="session")
def build_image(image: str) -> str:
    """The tag of the stage from which applications of one's own are put on top of the image."""
    return build(f"{image}-build", "--target", "build")


@pytest.fixture(scope="session")
def contents(image: str) -> archive.Image:
    """What is in the image under test."""
    return archive.save(image)


@pytest.fixture(scope="session", autouse=True)
def _without_ryuk() -> None:
    """The container that removes what a killed test run leaves is used where it is there already: no test pulls."""
    command = ["docker", "image", "inspect", testcontainers_config.ryuk_image]
    if shutil.which("docker") is None or subprocess.run(command, capture_output=True).returncode:
        testcontainers_config.ryuk_disabled = True


def revision() -> str:
    """The commit of this tree, or a word that stands for one where there is no repository."""
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return asked.stdout.strip() or "unreleased"
