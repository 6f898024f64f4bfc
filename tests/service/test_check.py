"""`python -m probes check` of the service: it shows that all holds, and does nothing that is done once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.boot import Boot
from tests.service.process import CONTRACT, start, start_app

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = re.compile(r"shown this once: (\S+) ")


def test_a_check_makes_no_token_and_the_first_boot_does(tmp_path: Path) -> None:
    """What a build prints is read by many; so the token is made by the first process that serves."""
    env = {"DATA_DIR": str(tmp_path), "DEMO": "false", "ACCESS_TOKEN": ""}
    with Boot(CONTRACT, env=env, path=(), args=("check",)) as check:
        assert check.wait() == 0
        assert "[OK] lifespan shutdown" in check.output
        assert not SHOWN.search(check.output)
    with start(**env) as boot:
        token = boot.wait_ready().wait_for(SHOWN.pattern)[1]
        answer = boot.get("/api/status", Authorization=f"Bearer {token}")
    assert answer.status == 200


def test_a_database_without_the_schema_is_said_with_the_way_out(tmp_path: Path) -> None:
    """Where no check of the contract migrates, the boot says who does, and quotes no library."""
    with start_app(tmp_path, app="service.app:app", checks=[]) as boot:
        assert boot.wait() == 1
        assert "has no schema, and this version of the service works with 0" in boot.output
        assert "run `python -m service migrate`" in boot.output
        assert "sqlalche.me" not in boot.output
