"""Fixtures that several rooms share."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Protocol

import pytest

from tests.boot import APPS, Boot
from tests.lacking import lack
from tests.pythons import other_python


class WriteModule(Protocol):
    """Writes a module's source to the test's own folder of applications."""

    def __call__(self, name: str, source: str) -> Path: ...  # noqa: D102


class BootModule(Protocol):
    """Boots with the test's own folder of applications on the path."""

    def __call__(self, env: dict[str, str] | None = None, **keys: object) -> Boot: ...  # noqa: D102


@pytest.fixture
def write_module(tmp_path: Path) -> WriteModule:
    """Writes `NAME.py` next to the test's contract."""

    def write(name: str, source: str) -> Path:
        file = tmp_path / f"{name}.py"
        file.write_text(textwrap.dedent(source))
        return file

    return write


@pytest.fixture
def python() -> str:
    """The interpreter that boots; rooms for which it matters override it."""
    return sys.executable


@pytest.fixture
def boot(tmp_path: Path, python: str) -> BootModule:
    """Boots a contract given by its keys; `plain:app` is the application unless it names another."""

    def start(env: dict[str, str] | None = None, **keys: object) -> Boot:
        contract = {"app": "plain:app", **keys}
        return Boot(contract, folder=tmp_path, path=(tmp_path, APPS), env=env, python=python)

    return start


@pytest.fixture(scope="session")
def another_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter of the other side of Python 3.12, with the project installed."""
    return other_python(tmp_path_factory.mktemp("another-python"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that needs Docker is skipped where there is none, except in CI, where it fails."""
    if item.get_closest_marker("docker") and (reason := docker_missing()):
        lack("docker", reason)


@functools.cache
def docker_missing() -> str | None:
    """Why there is no Docker engine to use, or None."""
    if shutil.which("docker") is None:
        return "needs Docker: there is no `docker` command"
    asked = subprocess.run(["docker", "info", "--format", "{{.ServerErrors}}"], capture_output=True, text=True)
    return f"needs a running Docker engine: {asked.stderr.strip()}" if asked.returncode else None
