"""A test that cannot run is seen."""

from __future__ import annotations

import pytest

from tests.lacking import lack


@pytest.mark.parametrize(
    ("ci", "may_lack", "outcome"),
    [
        ("", "", pytest.skip.Exception),
        ("true", "", pytest.fail.Exception),
        ("true", "promtool", pytest.fail.Exception),
        ("true", "promtool,etcd", pytest.skip.Exception),
    ],
)
def test_what_is_lacking_fails_in_ci_unless_it_may_lack(
    ci: str, may_lack: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No proof vanishes from CI in silence; elsewhere, or by its name in MAY_LACK, a test is skipped."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("MAY_LACK", may_lack)
    with pytest.raises(outcome, match="needs etcd"):
        lack("etcd", "needs etcd: there is none")
