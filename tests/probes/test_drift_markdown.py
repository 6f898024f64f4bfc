"""Drift in what documentation tells to type."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.drift.markdown import Block, blocks
from tests.probes.drift_tree import Project, only


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without drift."""
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "line", "parts"),
    [
        ("pip install shop && python -m probes", "uvicorn service.app:app", 6, ["`uvicorn service.app:app`"]),
        (
            "curl localhost:8000/health\n",
            "curl localhost:8000/health/ready\n",
            7,
            ["/health/ready, which does not exist"],
        ),
        ("    python -m probes health\n", "    hypercorn service.app:app\n", 10, ["hypercorn service.app:app"]),
        ("FROM airlock\n", "FROM airlock\nCMD uvicorn app:app\n", 14, ["shell form"]),
        ('"check"]', '"chek"]', 14, ["no command of Airlock"]),
    ],
)
def test_drift_is_found_in_blocks(project: Project, old: str, new: str, line: int, parts: list[str]) -> None:
    """Shell, indented and Dockerfile blocks are read as what they are."""
    only(project.plant("README.md", old, new), f"README.md:{line}", *parts)


@pytest.mark.parametrize(
    ("block", "line", "part"),
    [
        ("```console\n$ uvicorn app:app\nINFO started\n```", 2, "uvicorn app:app"),
        ("~~~~bash\n~~~\nuvicorn app:app\n~~~~", 3, "uvicorn app:app"),
        ("1. Start it:\n\n   ```sh\n   uvicorn app:app\n   ```", 4, "uvicorn app:app"),
        ("```Procfile\nweb: uvicorn app:app\n```", 2, "web starts `uvicorn app:app`"),
        ("```yaml\nservices:\n  a:\n    build: image\n    command: uvicorn\n```", 5, "the service a starts"),
        ("```yaml\nservices:\n  - {type: web, runtime: docker, repo: x, healthCheckPath: /up}\n```", 3, "/up"),
        ("```yaml\njobs:\n  a:\n    steps:\n      - run: uvicorn a:b\n```", 5, "uvicorn a:b"),
        ("```yaml\nreadinessProbe:\n  httpGet:\n    path: /healthz\n```", 4, "the readiness probe"),
        ("```yaml\nkind: Deployment\nspec:\n  containers:\n    - command: [gunicorn]\n```", 5, "starts `gunicorn`"),
        ("```yml\ntasks:\n  run: uvicorn a:b\n```", 3, "uvicorn a:b"),
    ],
)
def test_each_language_is_read(project: Project, block: str, line: int, part: str) -> None:
    """What a YAML block is, its keys say."""
    project.write("docs/deploy.md", f"{block}\n")
    only(project.findings(), f"docs/deploy.md:{line}", part)


@pytest.mark.parametrize(
    "block",
    [
        "`uvicorn app:app`",
        "```text\nuvicorn app:app\n```",
        "```diff\n-uvicorn app:app\n+python -m probes\n```",
        "* a list that goes on\n\n    uvicorn is what it replaces\n",
        "```console\nuvicorn app:app\n```",
        "```yaml\nkey: [left out …\n```",
        "```dockerfile\nCOPY a b\n```",
    ],
)
def test_prose_and_other_languages_are_left_alone(project: Project, block: str) -> None:
    """Words are no commands, and neither is a program's output."""
    project.write("docs/deploy.md", f"{block}\n")
    assert project.findings() == []


LINES = st.lists(st.from_regex(r"[a-z ]{0,8}[a-z]", fullmatch=True), max_size=5)


@given(before=LINES, body=LINES, fence=st.sampled_from(["```", "~~~~", "`````"]), after=LINES)
def test_a_fenced_block_comes_back_with_its_line(
    before: list[str], body: list[str], fence: str, after: list[str]
) -> None:
    """Its text and the number of its first line, whatever stands around it."""
    before = [line.lstrip() for line in before]
    text = "\n".join([*before, f"{fence}sh", *body, fence, *(line.lstrip() for line in after)])
    assert list(blocks(text)) == [Block(len(before) + 2, "sh", "\n".join(body))]


@given(text=st.text(alphabet="`~ \nab-1.$"))
def test_any_text_is_read_without_an_error(text: str) -> None:
    """Blocks come in order, each within the text."""
    lines = [block.line for block in blocks(text)]
    assert lines == sorted(lines)
