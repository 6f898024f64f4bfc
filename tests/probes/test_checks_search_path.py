"""The parts of sys.path: which of them are Python's own, and what lies below what."""

from __future__ import annotations

import os

import pytest

from probes.checks.search_path import in_standard_library, is_within

STANDARD_LIBRARY = os.path.dirname(os.path.realpath(os.__file__))


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("queue.py", True),
        ("json/decoder.py", True),
        ("lib-dynload/_json.so", True),
        ("site-packages/queue.py", False),
        ("dist-packages/json/decoder.py", False),
        ("../queue.py", False),
    ],
)
def test_the_standard_library_ends_where_installed_packages_begin(file: str, own: bool) -> None:
    """Outside a virtual environment the latter lie inside the former."""
    assert in_standard_library(os.path.normpath(os.path.join(STANDARD_LIBRARY, file))) is own


@pytest.mark.parametrize(
    ("path", "root", "within"),
    [
        ("/x/code", "/x/code", True),
        ("/x/code/demo.py", "/x/code", True),
        ("/x/code2/demo.py", "/x/code", False),
        ("/x", "/x/code", False),
        ("/x", "/", True),
    ],
)
def test_a_path_lies_within_another_by_whole_parts(path: str, root: str, within: bool) -> None:
    """A common beginning is not enough."""
    assert is_within(path, root) is within
