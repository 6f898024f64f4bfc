"""How the drift check reads shell text and understands commands."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.drift import shell
from probes.drift.command import Does, understand


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("python -m probes", Does.START),
        ("python3.13 -m probes --contract a.toml", Does.START),
        ("A=1 env B=2 .venv/bin/python -m probes", Does.START),
        (r"'C:\venv\Scripts\python.exe' -m probes", Does.START),
        ("uv run python -mprobes", Does.START),
        ("sh -ec 'exec python -m probes'", Does.START),
        ("python -m probes health --help", Does.AIRLOCK),
        ("python -m probes --version", Does.AIRLOCK),
        ("python -m probes --contract a.toml check", Does.AIRLOCK),
        ("python -m probes serve", Does.UNKNOWN),
        ("airlock check", Does.AIRLOCK),
        ("airlock", Does.OTHER_START),
        ("python probes/__main__.py", Does.OTHER_START),
        ("python -X dev -um uvicorn a:b", Does.OTHER_START),
        ("python -m probes.cli", Does.OTHER_START),
        ("sudo -E /usr/bin/gunicorn a:b", Does.OTHER_START),
        ("./app.py", Does.OTHER_START),
        ("python -c 'import uvicorn'", Does.SOMETHING),
        ("python", Does.SOMETHING),
        ("A=1", Does.SOMETHING),
        ("", Does.SOMETHING),
    ],
)
def test_a_command_is_understood(text: str, does: Does) -> None:
    """Interpreters, launchers, shells and options do not hide what is started."""
    words = [word for command in shell.read(text) for word in command.words]
    assert understand(words, {"service"}).does is does


@given(
    words=st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\0")), min_size=1, max_size=5)
)
def test_quoted_words_come_back_as_they_were(words: list[str]) -> None:
    """What `shlex` quotes is one simple command with the same words."""
    text = " ".join(f"'{word}'" if "'" not in word else shlex.quote(word) for word in words)
    assert shell.single(text) == words


@given(text=st.text(alphabet="ab=1 \n\t\\'\"$(){}<>|&;#-`E"))
def test_any_text_is_read_without_an_error_and_lines_stay_lines(text: str) -> None:
    """Half a quote and half a substitution are read to the end."""
    last = text.count("\n") + 1
    for command in shell.read(text):
        assert command.words
        assert 1 <= command.line <= last
        understand(command.words, {"service"})


@given(first=st.integers(1, 50), commands=st.lists(st.sampled_from(["a b", "c \\\n d", "x <<E\n uvicorn\nE", "# no"])))
def test_each_command_has_its_line(first: int, commands: list[str]) -> None:
    """Continuations, heredocs and comments move the lines on."""
    expected, line = [], first
    for command in commands:
        if not command.startswith("#"):
            expected.append(line)
        line += command.count("\n") + 1
    assert [command.line for command in shell.read("\n".join(commands), first)] == expected


@pytest.mark.parametrize("operator", ["&&", "||", ";", "|", "&", "\n"])
def test_two_commands_are_not_one(operator: str) -> None:
    """An operator between commands makes neither of them the single one."""
    assert shell.single(f"a{operator} b") is None
    assert [command.words for command in shell.read(f"a{operator} b")] == [["a"], ["b"]]
