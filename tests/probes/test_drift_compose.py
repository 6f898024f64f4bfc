"""Drift in compose files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.probes.drift_tree import Project, only

COMMAND = "command: --contract /contract.toml"
TEST = 'test: ["CMD", "python", "-m", "probes", "health"]'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without drift."""
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "line", "parts"),
    [
        (COMMAND, "command: uvicorn app:app", 6, ["the service shop starts `python -m probes uvicorn app:app`"]),
        (COMMAND, "command: python -m probes", 6, ["starts `python -m probes python -m probes`"]),
        (COMMAND, "entrypoint: [hypercorn, 'service.app:app']", 6, ["starts `hypercorn service.app:app`"]),
        (COMMAND, "entrypoint: sh -c 'python -m probes'", 6, ["starts `sh -c 'python -m probes'`"]),
        (TEST, "test: curl -f localhost:8000/health", 10, ["goes through a shell"]),
        (TEST, 'test: ["CMD-SHELL", "python -m probes health"]', 10, ["goes through a shell"]),
        (TEST, 'test: ["CMD", "curl", "localhost"]', 10, ["it should be `python -m probes health`"]),
        (TEST, "disable: true", 10, ["has no health check"]),
        (TEST, 'test: ["CMD", "python", "-m", "probes", "health", "http://localhost:80/health"]', 10, ["is port 80"]),
        ('"80:8000"', '"8000:80"', 12, ["what shop publishes is port 80, but the service listens on 8000"]),
        ('"80:8000"', "{target: 80, published: 8000}", 12, ["is port 80"]),
        ('WORKER_MODE: "false"', "PORT: 9000", 12, ["the service listens on 9000"]),
        ('WORKER_MODE: "false"', "WORKER_MODE: api", 8, ["WORKER_MODE='api' is not usable"]),
        ('redis-server --save ""', "uvicorn service.app:app", 15, ["`uvicorn service.app:app` starts a server"]),
    ],
)
def test_drift_is_found(project: Project, old: str, new: str, line: int, parts: list[str]) -> None:
    """Another start (beside the image's own entrypoint), health check, port or environment."""
    only(project.plant("compose.yaml", old, new), f"compose.yaml:{line}", *parts)


@pytest.mark.parametrize(
    "service",
    [
        "{image: airlock, ports: ['127.0.0.1:80:8000/tcp', 8000, '${HTTP:-80}:${PORT:-8000}', '90-91:90-91']}",
        "{image: 'registry.example:5000/airlock:1', command: ['--contract', /contract.toml]}",
        "{build: ., entrypoint: [python, -m, probes], environment: [PORT=9000], expose: [9000]}",
        "{build: {context: ., dockerfile: cmd.Dockerfile}, command: python -m probes, ports: ['80:7000']}",
        "{build: {context: ., dockerfile: cmd.Dockerfile, target: lean}, command: ['--contract', a.toml]}",
        "{build: https://example.org/shop.git}",
    ],
)
def test_the_canonical_start_is_seen_in_each_of_its_forms(project: Project, service: str) -> None:
    """What a command comes to depends on the image: on its entrypoint, its stage and its PORT."""
    project.write(
        "cmd.Dockerfile",
        'FROM debian AS lean\nENTRYPOINT ["python", "-m", "probes"]\n'
        'FROM debian\nENV PORT=7000\nCMD ["python", "-m", "probes"]\n',
    )
    project.write("docker-compose.override.yml", f"services:\n  shop: {service}\n")
    assert project.findings() == []


def test_what_is_merged_and_aliased_is_read(project: Project) -> None:
    """`<<` and anchors say as much as if it were written out, even when they go in circles."""
    text = "x: &base {build: image, command: gunicorn}\nservices:\n  shop:\n    <<: *base\n"
    project.write("docker-compose.yml", text)
    only(project.findings(), "docker-compose.yml:1", "gunicorn")
    project.write("docker-compose.yml", text + "    command: --contract=contract.toml\n")
    assert project.findings() == []
    project.write("docker-compose.yml", "services: &services\n  shop: &shop\n    <<: *shop\n    depends: *services\n")
    assert project.findings() == []
