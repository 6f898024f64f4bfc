"""Drift in the files of fly.io, Heroku and Railway."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.probes.drift_tree import Project, only


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without drift."""
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "part"),
    [
        ("fly.toml", '"python -m probes"', '"uvicorn a:b"', 2, "the process app starts `uvicorn a:b`"),
        ("fly.toml", "internal_port = 8000", "internal_port = 8080", 8, "internal_port is port 8080"),
        ("fly.toml", 'GRACE_PERIOD = "30"', 'PORT = "8080"', 8, "the service listens on 8080"),
        ("fly.toml", 'GRACE_PERIOD = "30"', 'GRACE_PERIOD = "x"', 4, "GRACE_PERIOD='x' is not usable"),
        ("fly.toml", '"/health"', '"/up"', 11, "/up, which does not exist"),
        ("fly.toml", "[env]", '[experimental]\ncmd = ["check"]\n\n[env]', 5, "cmd starts `check`"),
        ("fly.toml", "[env]", "[env", 1, "this is not TOML"),
        ("heroku.yml", "web: python -m probes", "web: uvicorn a:b", 2, "web starts `uvicorn a:b`"),
        ("heroku.yml", "- WORKER_MODE", "- cd x\n      - WORKER_MODE", 5, "the one command there"),
        ("railway.json", '"python -m probes"', '"uvicorn a:b"', 3, "startCommand starts `uvicorn a:b`"),
        ("railway.json", '"/health"', '"/healthz"', 4, "says 200 while the service boots"),
        ("railway.json", '"deploy": {', '"deploy": ', 1, "this is not JSON"),
    ],
)
def test_drift_is_found(project: Project, file: str, old: str, new: str, line: int, part: str) -> None:
    """Another command, port or path, and a file that is not readable."""
    only(project.plant(file, old, new), f"{file}:{line}", part)
