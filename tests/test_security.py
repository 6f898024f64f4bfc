"""SECURITY.md: every boundary and every attack names the tests that guard it, and they are there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.boot import ROOT

TEXT = (ROOT / "SECURITY.md").read_text()
ROWS = [line for line in TEXT.splitlines() if re.match(r"\| (?!boundary|attack|---)", line) and "|---" not in line]
ATTACKS = (
    "login CSRF", "state replay", "code injection", "PKCE downgrade", "token from another client", "open redirect",
    "session fixation", "CORS with credentials", "Socket.IO from a foreign origin", "forged X-Forwarded-*",
    "path traversal", "header injection", "XSS in every mail field", "IDOR on every route", "zip and MIME bombs",
    "10,000 sign-in attempts",
)  # fmt: skip


def names_in(path: str) -> set[str]:
    """The names of the tests in a file."""
    parsed = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(parsed) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("row", ROWS)
def test_each_row_names_tests_that_are_there(row: str) -> None:
    """Files by links, and where a row names a test it is in one of them."""
    files = re.findall(r"\]\((tests/[\w/]+\.py)\)", row)
    assert files
    missing = [file for file in files if not (ROOT / file).is_file()]
    assert missing == []
    named = set(re.findall(r"`(test_\w+)`", row))
    assert named - set().union(*map(names_in, files)) == set()
    assert all(any(name.startswith("test_") for name in names_in(file)) for file in files)


def test_each_attack_is_there() -> None:
    """Every one that the service is known to be made against."""
    told = [row.split("|")[1].strip() for row in ROWS]
    assert [attack for attack in ATTACKS if attack not in told] == []
