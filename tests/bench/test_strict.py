"""The exit status of a run: whether all was measured, and with `--strict` whether all targets are met."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.boot import ROOT

LUNCH = "Shall we meet for lunch tomorrow? The minutes of our meeting are done."
PILLS = "Claim your prize now, dear winner: cheap pills, a casino, a lottery of a million dollars."


def corpus(file: Path, spam: str) -> None:
    """Messages of each group for `triage`; `spam` is what stands in those of that one."""
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        for group, text in (("easy-ham", LUNCH), ("hard-ham", LUNCH), ("spam", spam)):
            for number in range(20):
                raw = f"From: ann{number}@example.org\nMessage-ID: <{group}{number}@example.org>\n\n{text}\n"
                lines.write(f"{json.dumps({'group': group, 'raw': raw})}\n")


@pytest.mark.parametrize(
    ("spam", "options", "verdict", "status"),
    [
        (LUNCH, [], "NOT MET", 0),
        (LUNCH, ["--strict"], "NOT MET", 1),
        (PILLS, ["--strict"], "met", 0),
        (None, [], "triage broke: there is no corpus at", 1),
    ],
)
def test_a_missed_target_is_a_failure_when_that_is_asked_for(
    tmp_path: Path, spam: str | None, options: list[str], verdict: str, status: int
) -> None:
    """It is in the table in any case; what breaks is a failure always."""
    file = tmp_path / "corpus.jsonl.gz"
    if spam is not None:
        corpus(file, spam)
    command = [sys.executable, "-m", "tests.bench", "triage", "--runs", "1", "--corpus", str(file), *options]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert verdict in ran.stdout + ran.stderr
    assert ran.returncode == status
