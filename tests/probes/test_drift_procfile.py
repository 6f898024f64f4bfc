"""Drift in Procfiles, and how they are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.drift.procfile import entries
from tests.probes.drift_tree import Project, only


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without drift."""
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("uvicorn service.app:app --port $PORT", "starts `uvicorn service.app:app --port $PORT`"),
        ("python app.py", "starts `python app.py`"),
        ("python -m service.worker", "no module service.worker in the package service"),
        ("python -m probes check", "without a further word"),
        ("python -m probes &", "the one command there"),
        ("alembic upgrade head && python -m probes", "the one command there"),
        ("cd service; python -m probes", "the one command there"),
        ("python -m probes > log", "the one command there"),
        ("sh -c 'python -m probes'", "and nothing else"),
        ("poetry run python -m probes", "and nothing else"),
        ("timeout 60 python -m probes", "and nothing else"),
        ("honcho start", "write `python -m probes`"),
        ("", "starts ``"),
        ("GRACE_PERIOD=soon python -m probes", "GRACE_PERIOD='soon' is not usable"),
        ("WORKER_MODE=yes python -m probes", "accepted is 'true'"),
        ("PORT=8000 python -m probes", "the platform sets it"),
    ],
)
def test_drift_is_found(project: Project, command: str, part: str) -> None:
    """Any other command, more than one command, and an environment that the gate would refuse."""
    only(project.plant("Procfile", "web: python -m probes", f"web: {command}"), "Procfile:1", part)


@pytest.mark.parametrize(
    "command",
    [
        "python -m probes --contract deploy/contract.toml",
        "exec python -m probes",
        "env WORKER_MODE=false python3.12 -m probes",
        "LOG_FORMAT=json GRACE_PERIOD=$GRACE exec .venv/bin/python -m probes --contract=contract.toml",
        '"$PYTHON" -m probes',
    ],
)
def test_the_canonical_start_is_seen_in_each_of_its_forms(project: Project, command: str) -> None:
    """Assignments, `exec`, an interpreter's path and a contract are all that may stand around it."""
    assert project.plant("Procfile", "web: python -m probes", f"web: {command}") == []


def test_a_release_may_run_what_belongs_to_the_application(project: Project) -> None:
    """The release phase ends before anything is served; what it names has to exist all the same."""
    assert (
        project.plant("Procfile", "python -m service.prepare", "python manage.py migrate && python -m service.app")
        == []
    )
    only(project.plant("Procfile", "service.app", "service.none"), "Procfile:3", "no module service.none")


def test_procfiles_of_other_names_are_read(project: Project) -> None:
    """`Procfile.dev` is what foreman is given for development."""
    project.write("Procfile.dev", "# development\n\nweb: flask run\n")
    only(project.findings(), "Procfile.dev:3", "flask run")


@given(
    processes=st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z0-9_-]+", fullmatch=True), st.from_regex(r"[!-~]([ -~]*[!-~])?", fullmatch=True)
        )
    )
)
def test_every_process_is_found_with_its_line(processes: list[tuple[str, str]]) -> None:
    """Names and commands come back as they were written."""
    text = "\n".join(f"{name}: {command}" for name, command in processes)
    assert entries(text) == [(line, name, command) for line, (name, command) in enumerate(processes, 1)]
