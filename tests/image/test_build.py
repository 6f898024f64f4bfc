"""The build: what it refuses, and what reaches it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.image.build import ROOT, attempt


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of everything that the image is made of."""
    for name in ("image", "probes", "service"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def _build(tree: Path) -> tuple[int, str]:
    built = attempt("airlock:test-broken", file=tree / "image/Dockerfile", context=tree)
    return built.returncode, built.stdout


@pytest.mark.usefixtures("image")
def test_a_broken_contract_cannot_be_built(tree: Path) -> None:
    """The build ends with the report, as a boot would."""
    contract = tree / "service/contract.toml"
    contract.write_text(contract.read_text().replace('"starlette"', '"starlette", "no_such_module"'))
    status, output = _build(tree)
    assert status != 0
    assert "CRITICAL: STARTUP VALIDATION FAILED - CANNOT PROCEED" in output
    assert "no_such_module" in output
    assert "RESOLUTION STEPS:" in output
    assert "EXIT STATUS: 1" in output


@pytest.mark.usefixtures("image")
def test_a_requirement_that_nothing_installs_cannot_be_built(tree: Path) -> None:
    """A dependency in pyproject.toml that was forgotten in the hashed list ends the build."""
    project = tree / "pyproject.toml"
    project.write_text(project.read_text().replace("dependencies = [\n", 'dependencies = [\n    "h5py>=3",\n', 1))
    status, output = _build(tree)
    assert status != 0
    assert "wants h5py>=3, which is not installed" in output


@pytest.mark.usefixtures("image")
def test_a_distribution_with_another_hash_cannot_be_built(tree: Path) -> None:
    """What was downloaded has to be what was pinned."""
    requirements = tree / "image/requirements.txt"
    before, found, after = requirements.read_text().partition("starlette==")
    requirements.write_text(before + found + re.sub("sha256:..", "sha256:00", after, count=2))
    status, output = _build(tree)
    assert status != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in output


@pytest.mark.usefixtures("image")
def test_only_what_the_image_is_made_of_reaches_the_build(tree: Path) -> None:
    """A file with secrets in the project's folder is not sent to the engine."""
    (tree / ".env").write_text("TOKEN=secret")
    (tree / "probe.Dockerfile").write_text(
        "FROM debian:trixie-slim\nCOPY . /all\nRUN ls -A /all | sort | tr '\\n' ' '\n"
    )
    shutil.copy(tree / "image/Dockerfile.dockerignore", tree / "probe.Dockerfile.dockerignore")
    built = attempt("airlock:test-context", "--no-cache", file=tree / "probe.Dockerfile", context=tree)
    assert built.returncode == 0, built.stdout
    assert "LICENSE README.md image probes pyproject.toml service" in built.stdout
    assert ".env" not in built.stdout.replace("probe.Dockerfile", "")
