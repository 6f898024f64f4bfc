"""Triage keeps to its targets on real messages, where there are some: of a corpus only figures are printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import triage
from tests.bench.rounds import Rounds


@pytest.mark.skipif(not triage.CORPUS.exists(), reason=f"there are no real messages at {triage.CORPUS}")
def test_real_spam_is_recognised_and_real_letters_are_not_taken_for_it(tmp_path: Path) -> None:
    """With one seed: enough of the spam, and little of what is hard to tell from it."""
    figures = triage.measure(Rounds(1), tmp_path)
    assert [figure.row() for figure in figures if not figure.is_met] == []
    assert {figure.target for figure in figures} == {None, triage.RECALL, triage.FALSE_POSITIVES}
