"""Drift in Dockerfiles, and how they are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.drift.dockerfile import instructions, is_dockerfile, stages, start_of
from tests.probes.drift_tree import Project, only

FILE = "image/Dockerfile"
ENTRYPOINT = 'ENTRYPOINT ["python", "-m", "probes"]'
EXPOSE = "EXPOSE 8000"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without drift, and without the compose file, which drifts with its image."""
    project = Project(tmp_path)
    (tmp_path / "compose.yaml").unlink()
    return project


@pytest.mark.parametrize(
    ("old", "new", "line", "parts"),
    [
        (ENTRYPOINT, 'ENTRYPOINT ["uvicorn", "service.app:app"]', 9, ["starts `uvicorn service.app:app`"]),
        (ENTRYPOINT, "ENTRYPOINT python -m probes", 9, ["shell form", "exec form"]),
        (ENTRYPOINT, "ENTRYPOINT ['python', '-m', 'probes']", 9, ["shell form"]),
        (ENTRYPOINT, 'CMD ["python", "-m", "probe"]', 9, ["no module probe; the nearest is probes"]),
        (ENTRYPOINT, 'CMD ["sh", "-c", "python -m probes"]', 9, ["starts `sh -c 'python -m probes'`"]),
        (ENTRYPOINT, 'CMD ["tini", "--", "python", "-m", "probes"]', 9, ["and nothing else"]),
        (ENTRYPOINT, 'CMD ["python", "-u", "-m", "probes"]', 9, ["and nothing else"]),
        (ENTRYPOINT, 'CMD ["airlock"]', 9, ["starts `airlock`"]),
        (ENTRYPOINT, 'CMD ["python", "service/app.py"]', 9, ["starts `python service/app.py`"]),
        (ENTRYPOINT, 'CMD ["python", "-m", "service.app"]', 9, ["no contract is proved"]),
        (ENTRYPOINT, "", 11, ["the last stage, from scratch, says nothing"]),
        (EXPOSE, f'{EXPOSE}\nCMD ["check"]', 9, ["starts `python -m probes check`"]),
        (EXPOSE, f'{EXPOSE}\nENTRYPOINT ["gunicorn"]', 13, ["starts `gunicorn`"]),
        (EXPOSE, f"{EXPOSE}\nENTRYPOINT []", 11, ["says nothing of what it starts"]),
        (EXPOSE, "EXPOSE 8080", 12, ["EXPOSE is port 8080, but the service listens on 8000"]),
        (EXPOSE, f"ENV PORT=9000\n{EXPOSE}", 13, ["listens on 9000"]),
        (EXPOSE, f"{EXPOSE}\nENV GRACE_PERIOD=5 DRAIN_DELAY=5", 13, ["leaves nothing of GRACE_PERIOD"]),
        ("python3 -m service.prepare", "python3 -m service.setup", 4, ["no module service.setup"]),
        ('"probes", "health"]', '"probes", "check"]', 13, ["HEALTHCHECK runs `python -m probes check`"]),
        ('["python", "-m", "probes", "health"]', "curl -f localhost:8000/health", 13, ["shell form"]),
        (
            '["python", "-m", "probes", "health"]',
            '["curl", "localhost:8000/health"]',
            13,
            ["`python -m probes health`"],
        ),
        ('"health"]', '"health", "http://localhost:8080/health"]', 13, ["is port 8080"]),
        ('"health"]', '"health", "http://localhost:8000/ready"]', 13, ["/ready, which does not exist"]),
        ('"health"]', '"health", "http://localhost:8000/healthz"]', 13, ["says 200 while the service boots"]),
    ],
)
def test_drift_is_found(project: Project, old: str, new: str, line: int, parts: list[str]) -> None:
    """Another start, shell form, another health check, a port that contradicts, a module that there is not."""
    only(project.plant(FILE, old, new), f"{FILE}:{line}", *parts)


def test_no_health_check_at_all_is_drift(project: Project) -> None:
    """`HEALTHCHECK NONE` takes the base image's away."""
    project.write("Dockerfile", "FROM airlock\nHEALTHCHECK NONE\n")
    only(project.findings(), "Dockerfile:2", "HEALTHCHECK NONE")


@pytest.mark.parametrize(
    "text",
    [
        'FROM debian\nCMD ["python", "-m", "probes"]\n',
        'FROM debian\nENTRYPOINT ["/opt/venv/bin/python3.13", "-m", "probes"]\nCMD ["--contract", "/contract.toml"]\n',
        'FROM debian AS a\nENTRYPOINT ["bash"]\nCMD ["-l"]\nFROM a\nENTRYPOINT ["python", "-m", "probes"]\n',
        'FROM debian as Base\nentrypoint ["python", "-m", "probes"]\nFROM --platform=$BUILDPLATFORM base\n',
        'FROM debian\nENTRYPOINT ["python", \\\n  # the module\n\n  "-m", "probes"]\n',
        '# escape=`\nFROM debian\nENTRYPOINT ["python", `\n  "-m", "probes"]\n',
        'FROM debian\nRUN <<EOF\nENTRYPOINT ["bash"]\nuvicorn app:app\nEOF\nENTRYPOINT ["python", "-m", "probes"]\n',
        'FROM debian\nENV PORT=90 MANAGEMENT_PORT=91\nEXPOSE 90/tcp $MANAGEMENT_PORT\nCMD ["python", "-m", "probes"]\n',
        "FROM registry.example/team/airlock:1.2@sha256:00\nCOPY contract.toml /\n",
        'FROM airlock\nCMD ["--contract", "/contract.toml"]\n',
        "ARG AIRLOCK\nFROM $AIRLOCK\n",
        'FROM debian\nONBUILD ENTRYPOINT ["bash"]\nCMD ["python", "-m", "probes"]\n',
    ],
)
def test_the_canonical_start_is_seen_in_each_of_its_forms(project: Project, text: str) -> None:
    """Inherited from a stage, from Airlock's own image, over several lines, with another escape, with a contract."""
    project.write("Dockerfile", text)
    assert project.findings() == []


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.worker", "web.Dockerfile", "deploy/Containerfile"])
def test_dockerfiles_are_known_by_name(project: Project, name: str) -> None:
    """Whatever builds an image is read."""
    assert is_dockerfile(name)
    project.write(name, 'FROM debian\nCMD ["uvicorn"]\n')
    only(project.findings(), f"{name}:2", "starts `uvicorn`")


def test_a_base_image_of_unknown_start_is_drift(project: Project) -> None:
    """An image that says nothing starts what its base starts: a shell, an interpreter."""
    project.write("Dockerfile", "FROM python:3.13\nCOPY . .\n")
    only(project.findings(), "Dockerfile:1", "from python:3.13")


WORDS = st.lists(st.text(min_size=1), min_size=1, max_size=4)


@given(words=WORDS, stages_between=st.integers(0, 3))
def test_an_exec_form_arrives_word_for_word_through_stages(words: list[str], stages_between: int) -> None:
    """Whatever the words are, JSON carries them, and stages inherit them."""
    import json

    text = f"FROM x AS s0\nENTRYPOINT {json.dumps(words)}\n"
    text += "".join(f"FROM s{number} AS s{number + 1}\n" for number in range(stages_between))
    assert start_of(stages(text)[-1][1]) == words


@given(text=st.text(alphabet='FROM ENTRYPOINT CMD HEALTHCHECK RUN <<EOF["a"]\\\n#`$={}'))
def test_any_text_is_read_without_an_error(text: str) -> None:
    """A broken Dockerfile is the builder's business; lines stay lines."""
    found = instructions(text)
    assert [one.line for one in found] == sorted(one.line for one in found)
    stages(text)
