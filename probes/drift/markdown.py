"""Code blocks in Markdown, each read as what its language says."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from probes.drift import chart, compose, dockerfile, judge, platform, procfile, render, taskfile, workflow
from probes.drift.yaml_text import YamlError, documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from probes.drift.finding import Seen
    from probes.drift.tree import Tree

_FENCE = re.compile(r"(\s*(?:(?:[-*+]|\d+[.)])\s+)?)(`{3,}|~{3,})\s*([\w.+-]*)[^`]*")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")
_SHELL = frozenset({"bash", "sh", "shell", "zsh"})
_CONSOLE = frozenset({"console", "shell-session", "shellsession"})
_PROMPT = re.compile(r"\s*[$#%>] (.*)")


class Block(NamedTuple):
    """A code block: the line of its first line, its language in lower case (`indented` without a fence), its text."""

    line: int
    language: str
    text: str


def is_markdown(path: str) -> bool:
    """Whether a file documents what is; a changelog tells what was."""
    name = PurePosixPath(path).name.lower()
    return name.endswith((".md", ".markdown")) and not name.startswith("changelog")


def blocks(text: str, line: int = 1) -> Iterator[Block]:
    """The fenced blocks, and the indented ones that do not belong to a list."""
    lines = text.splitlines()
    at, listed, blank = 0, False, True
    while at < len(lines):
        current = lines[at]
        if fence := _FENCE.fullmatch(current):
            end = next((n for n in range(at + 1, len(lines)) if _closes(lines[n], fence[2])), len(lines))
            indent = len(current) - len(current.lstrip())
            body = [one[min(indent, len(one) - len(one.lstrip())) :] for one in lines[at + 1 : end]]
            yield Block(line + at + 1, fence[3].lower(), "\n".join(body))
            at, blank = end + 1, False
            continue
        if current.startswith("    ") and blank and not listed and current.strip():
            end = next(
                (n for n in range(at, len(lines)) if lines[n].strip() and not lines[n].startswith("    ")), len(lines)
            )
            yield Block(line + at, "indented", "\n".join(one[4:] for one in lines[at:end]))
            at, blank = end, True
            continue
        if current.strip() and not current.startswith(" "):
            listed = _ITEM.match(current) is not None
        elif _ITEM.match(current):
            listed = True
        blank = not current.strip()
        at += 1


def _closes(line: str, fence: str) -> bool:
    stripped = line.strip()
    return len(stripped) >= len(fence) and set(stripped) == {fence[0]}


def read(tree: Tree, file: str, text: str, line: int = 1) -> Iterator[Seen]:
    """Judge every block whose language is known."""
    for block in blocks(text, line):
        if block.language in _SHELL or block.language == "indented":
            yield from judge.script(tree, file, block.text, block.line)
        elif block.language in _CONSOLE:
            typed = [match[1] if (match := _PROMPT.fullmatch(one)) else "" for one in block.text.split("\n")]
            yield from judge.script(tree, file, "\n".join(typed), block.line)
        elif block.language in ("dockerfile", "docker", "containerfile"):
            yield from dockerfile.read(tree, file, block.text, block.line, fragment=True)
        elif block.language == "procfile":
            yield from procfile.read(tree, file, block.text, block.line)
        elif block.language in ("yaml", "yml"):
            yield from _yaml(tree, file, block)


def _yaml(tree: Tree, file: str, block: Block) -> Iterator[Seen]:
    if "{{" in block.text or re.search(r"^kind:", block.text, re.MULTILINE):
        yield from chart.read_template(tree, file, block.text, block.line)
        return
    try:
        found = documents(file, block.text, block.line)
    except YamlError:
        return  # an excerpt with something left out
    for document in found:
        if reader := _of_shape({key: value.is_list for key, value in document.items()}):
            yield from reader(tree, file, block.text, block.line)
            return
        yield from chart.values_of(tree, document)


def _of_shape(keys: dict[str, bool]) -> Callable[[Tree, str, str, int], Iterator[Seen]] | None:
    """The reader for a file with these keys at the top, each with whether it is a list."""
    if "services" in keys:
        return render.read if keys["services"] else compose.read
    if "jobs" in keys:
        return workflow.read
    if "tasks" in keys:
        return taskfile.read
    return platform.read_heroku if "run" in keys and "build" in keys else None
