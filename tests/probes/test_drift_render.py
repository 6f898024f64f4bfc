"""Drift in Render blueprints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.probes.drift_tree import Project, only

HEALTH = "    healthCheckPath: /health\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without drift."""
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "line", "parts"),
    [
        (
            HEALTH,
            f"{HEALTH}    dockerCommand: uvicorn app:app\n",
            8,
            ["dockerCommand of shop", "leave dockerCommand out"],
        ),
        (
            HEALTH,
            f"{HEALTH}    startCommand: python -m probes\n",
            8,
            ["Render takes a Dockerfile before a start command"],
        ),
        (HEALTH, "", 2, ["no healthCheckPath", "an open port counts as ready"]),
        (HEALTH, "    healthCheckPath: /healthz\n", 7, ["says 200 while the service boots"]),
        (HEALTH, "    healthCheckPath: /ready\n", 7, ["/ready, which does not exist"]),
        (
            "./image/Dockerfile",
            "./Dockerfile",
            5,
            ["dockerfilePath of shop is ./Dockerfile, and there is no such path"],
        ),
        ("    dockerfilePath: ./image/Dockerfile\n", "", 2, ["there is no such path"]),
        ("dockerContext: .", "dockerContext: ./app", 6, ["dockerContext of shop is ./app"]),
        (
            "startCommand: python -m probes",
            "startCommand: gunicorn app:app",
            15,
            ["startCommand of native", "gunicorn"],
        ),
        ("    startCommand: python -m probes\n", "", 11, ["native has no startCommand", "before a Procfile"]),
        ('value: "30"', "value: soon", 9, ["GRACE_PERIOD='soon' is not usable"]),
    ],
)
def test_drift_is_found(project: Project, old: str, new: str, line: int, parts: list[str]) -> None:
    """A command that Render prefers to the image's, a path that does not exist, a wrong or missing health path."""
    only(project.plant("render.yaml", old, new), f"render.yaml:{line}", *parts)


def test_services_of_projects_are_read_too(project: Project) -> None:
    """Environments of a project hold services as the root does."""
    project.write(
        "deploy/render.preview.yaml",
        """\
        projects:
          - name: shop
            environments:
              - name: production
                services:
                  - {type: worker, name: jobs, runtime: python, startCommand: celery worker}
        """,
    )
    only(project.findings(), "deploy/render.preview.yaml:6", "startCommand of jobs starts `celery worker`")


def test_a_static_site_and_a_repository_of_others_are_no_concern(project: Project) -> None:
    """They start nothing of ours, and their Dockerfile is not here."""
    project.write(
        "render.other.yaml",
        """\
        services:
          - {type: web, name: pages, runtime: static, staticPublishPath: ./site}
          - {type: pserv, name: minio, runtime: docker, repo: elsewhere, dockerfilePath: ./x/Dockerfile}
        """,
    )
    assert project.findings() == []
