"""The Dockerfile and what lies beside it, without a build."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.image.build import DOCKERFILE, ROOT

BYTECODE = "__pycache__"


def test_the_linter_has_nothing_to_say() -> None:
    """hadolint passes, strictly."""
    linter = Path(sys.executable).with_name("hadolint")
    linted = subprocess.run([linter, "--failure-threshold=style", DOCKERFILE], capture_output=True, text=True)
    assert linted.stdout + linted.stderr == ""
    assert linted.returncode == 0


def test_the_linter_would_have_something_to_say(tmp_path: Path) -> None:
    """It reads its file: one with a mistake fails."""
    linter = Path(sys.executable).with_name("hadolint")
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp\n")
    linted = subprocess.run([linter, tmp_path / "Dockerfile"], capture_output=True, text=True)
    assert linted.returncode == 1
    assert "DL3006" in linted.stdout


def test_nothing_names_an_architecture() -> None:
    """The same files build for any."""
    named = re.compile(r"amd64|x86[_-]64|arm64|aarch64|armv\d|riscv64|ppc64|s390x|i[36]86")
    files = [path for path in (ROOT / "image").rglob("*") if path.is_file() and BYTECODE not in path.parts]
    assert len(files) > 10
    assert [path.name for path in files if named.search(path.read_text())] == []


def test_the_build_needs_one_image_from_elsewhere() -> None:
    """Every stage begins with a Debian, another stage or nothing, and no frontend is pulled."""
    text = DOCKERFILE.read_text()
    assert "syntax=" not in text
    froms = [line.split()[1:] for line in text.splitlines() if line.startswith("FROM ")]
    stages = {words[2] for words in froms if len(words) == 3}
    assert {words[0] for words in froms} - stages == {"debian:trixie-slim", "scratch"}
    assert set(re.findall(r"--from=(\S+)", text)) <= stages


def test_a_file_of_the_image_comes_from_a_stage() -> None:
    """What is copied from the project's folder goes to the stages that build; the last ones only take from them."""
    last = DOCKERFILE.read_text().partition("FROM scratch")[2]
    copies = re.findall(r"^COPY .*$", last, re.MULTILINE)
    assert len(copies) == 5
    assert [copy for copy in copies if "--from=" not in copy] == []
