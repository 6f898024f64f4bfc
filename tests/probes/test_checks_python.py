"""The Python that runs, and the way in which the gate was started on it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from probes.checks import python_version
from tests.boot import PATIENCE, write_contract
from tests.probes.world import Outcome, World

if TYPE_CHECKING:
    from pathlib import Path

RUNNING = platform.python_version()


def test_a_python_that_the_contract_accepts_is_shown(tmp_path: Path) -> None:
    """The detail has the exact version."""
    assert World(tmp_path).check(python=">=3.11")["python"] == Outcome(
        "checking", "ok", f"{RUNNING} satisfies >=3.11", []
    )


def test_a_python_that_the_contract_refuses_fails(tmp_path: Path) -> None:
    """Both versions are told, and both ways out."""
    assert World(tmp_path).check(python="<3")["python"] == Outcome(
        "checking",
        "failed",
        f"Python {RUNNING} runs, but the contract's `python` is '<3'",
        [
            "start it with a Python <3, or change the image's base",
            "if the service works on this Python too, widen `python` in the contract",
        ],
    )


def test_without_a_specifier_any_python_will_do(tmp_path: Path) -> None:
    """The check is not even shown."""
    assert "python" not in World(tmp_path).check()


@pytest.mark.parametrize("running", ["3.14.0rc1", "3.14.0a7+"])
def test_a_python_that_is_not_released_yet_counts(monkeypatch: pytest.MonkeyPatch, running: str) -> None:
    """Who runs one wants to know whether the service works on it."""
    monkeypatch.setattr(platform, "python_version", lambda: running)
    assert python_version.check(">=3.11") == f"{running} satisfies >=3.11"


def test_without_packaging_no_version_is_compared(tmp_path: Path) -> None:
    """It is said, with what to do, instead of a traceback."""
    world = World(tmp_path, with_packaging=False)
    world.distribution("demo", packages=("demo",))
    outcomes = world.check(app="demo:app", python=">=3.11")
    for name in ("python", "requirements"):
        assert outcomes[name] == Outcome(
            "checking",
            "failed",
            "the distribution 'packaging' is missing, without which no version can be compared",
            ["install airlock with its dependencies, 'packaging' among them"],
        )


def started(world: World, *command: str | Path, cwd: Path | None = None) -> str:
    """The output of the gate when `command` starts it to check a contract."""
    done = subprocess.run(
        command,
        cwd=cwd or world.project,
        env={"PATH": os.environ["PATH"], "AIRLOCK_CONTRACT": str(world.folder / "contract.toml")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    return done.stdout


def demo(folder: Path) -> World:
    """A world with an application in its project, and a contract for it."""
    world = World(folder)
    world.write("project/demo/__init__.py", "async def app(scope, receive, send): ...\n")
    write_contract(folder, app="demo:app", lifespan="off")
    # Hypercorn and the rest: whatever serves these tests' own interpreter
    world.write(str(world.site / "serving.pth"), "\n".join(entry for entry in sys.path if "-packages" in entry))
    return world


def test_the_gate_started_as_a_module_is_in_package_mode(tmp_path: Path) -> None:
    """`python -m probes` is the one start command."""
    world = demo(tmp_path)
    assert "[OK] package-mode" in started(world, world.python, "-m", "probes", "check")


def test_the_gate_started_by_its_console_script_is_in_package_mode(tmp_path: Path) -> None:
    """`airlock` is the same command, installed."""
    world = demo(tmp_path)
    script = world.write("venv/bin/airlock", "import sys\nfrom probes.__main__ import main\nsys.exit(main())\n")
    assert "[OK] package-mode" in started(world, world.python, script, "check")


@pytest.mark.parametrize("file", ["probes/__main__.py", "probes"])
def test_the_gate_started_as_a_file_is_not_in_package_mode(tmp_path: Path, file: str) -> None:
    """Its directory would be on sys.path, and every module of it importable under two names."""
    world = demo(tmp_path)
    output = started(world, world.python, world.site / file, "check")
    assert "[FAIL] package-mode" in output
    assert "was started as a file, not as part of the package 'probes'" in output
    assert f"start it with `{world.python.name} -m probes`" in output


def test_a_start_inside_the_package_is_told_where_to_start_instead(tmp_path: Path) -> None:
    """There the package itself is out of sight, and its modules are in sight under wrong names."""
    world = demo(tmp_path)
    inside = world.write("project/demo/api/__init__.py").parent
    for folder in (inside, inside.parent):
        output = started(world, world.python, "-m", "probes", "check", cwd=folder)
        assert (
            f"[FAIL] package-mode: the working directory {folder} lies inside the package 'demo', "
            "so that 'demo' itself cannot be imported"
        ) in output
        assert f"start it from {world.project}, or install the project" in output


def test_an_application_that_is_nowhere_is_left_to_the_import(tmp_path: Path) -> None:
    """One fault, one error."""
    world = demo(tmp_path)
    write_contract(tmp_path, app="zzzzzz:app")
    output = started(world, world.python, "-m", "probes", "check")
    assert "[OK] package-mode" in output
    assert "ERROR 1: app zzzzzz:app" in output
    assert "ERROR 2" not in output
