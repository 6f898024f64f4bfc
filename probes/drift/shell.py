"""Reads shell text into its simple commands, as far as one must to see what it starts. It takes any text.

Templates (`{{.PYTHON}}`, `${{ matrix.python }}`) and expansions (`$PORT`, `${PORT:-8000}`) stay as they are written.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SPANS = re.compile(r"\$\{\{.*?\}\}|\{\{.*?\}\}|\$\{[^{}]*\}", re.DOTALL)
_HEREDOC = re.compile(r"<<(-?)\s*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.-]+))")
_REDIRECTION = re.compile(r"(?:\d*|&)(?:>>|>\||>&|<&|<>|&>|>|<)")
_OPERATOR = re.compile(r"&&|\|\||;;|\|&|[;|&()`]")
_RESERVED = frozenset(["if", "then", "elif", "else", "fi", "do", "done", "while", "until", "!", "{", "}", "time"])
_DEPTH = 8


class Command(NamedTuple):
    """A simple command: its words without quotes and redirections. `alone` is false when an operator touches it."""

    line: int
    words: list[str]
    alone: bool = True


def read(text: str, line: int = 1) -> list[Command]:
    """The simple commands of `text`, whose first line has the number `line`; also those of `$(…)`."""
    return _Reader(text, line).read()


def single(text: str) -> list[str] | None:
    """The words of `text` when it is one simple command without operators and redirections, else None."""
    commands = read(text)
    return commands[0].words if len(commands) == 1 and commands[0].alone else None


class _Reader:
    def __init__(self, text: str, line: int, depth: int = 0) -> None:
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self._line = line
        self._depth = depth
        self._commands: list[Command] = []
        self._nested: list[Command] = []
        self._words: list[str] = []
        self._word: str | None = None
        self._started = line
        self._alone = True
        self._skips_word = False
        self._is_quoted = False
        self._heredocs: list[tuple[str, bool]] = []

    def read(self) -> list[Command]:
        while self._at < len(self._text):
            self._step(self._text[self._at])
        self._end_command()
        return self._commands + self._nested

    def _step(self, char: str) -> None:
        if char == "\n":
            self._end_command()
            self._take(1)
            self._skip_heredocs()
        elif char in " \t":
            self._end_word()
            self._take(1)
        elif char == "\\":
            if self._text[self._at + 1 : self._at + 2] != "\n":
                self._add(self._text[self._at + 1 : self._at + 2])
            self._take(2)
        elif char in "'\"":
            self._quoted(char)
        elif char == "#" and self._word is None:
            self._take(len(self._text[self._at :].partition("\n")[0]))
        elif span := _SPANS.match(self._text, self._at):
            self._add(self._take(len(span[0])))
        elif self._text.startswith("$(", self._at):
            self._substitution()
        elif (heredoc := _HEREDOC.match(self._text, self._at)) and not self._text.startswith("<<<", self._at):
            self._end_word()
            self._heredocs.append((heredoc[2] or heredoc[3] or heredoc[4], bool(heredoc[1])))
            self._alone = False
            self._take(len(heredoc[0]))
        elif (redirection := _REDIRECTION.match(self._text, self._at)) and (
            self._word is None or not redirection[0][0].isdigit()
        ):
            self._end_word()
            self._alone = False
            self._take(len(redirection[0]))
            self._skips_word = True
        elif operator := _OPERATOR.match(self._text, self._at):
            self._alone = False
            self._end_command()
            self._take(len(operator[0]))
            self._alone = False
        else:
            self._add(self._take(1))

    def _take(self, count: int) -> str:
        taken = self._text[self._at : self._at + count]
        self._at += count
        self._line += taken.count("\n")
        return taken

    def _add(self, text: str) -> None:
        if self._word is None:
            self._word = ""
            if not self._words:
                self._started = self._line
        self._word += text

    def _quoted(self, quote: str) -> None:
        self._add("")
        self._is_quoted = True
        self._take(1)
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == quote:
                self._take(1)
                return
            if quote == '"' and char == "\\":
                following = self._text[self._at + 1 : self._at + 2]
                self._add({"\n": ""}.get(following, following if following in '"\\$`' else f"\\{following}"))
                self._take(2)
            elif quote == '"' and (span := _SPANS.match(self._text, self._at)):
                self._add(self._take(len(span[0])))
            elif quote == '"' and self._text.startswith("$(", self._at):
                self._substitution()
            else:
                self._add(self._take(1))

    def _substitution(self) -> None:
        depth, end = 0, self._at + 1
        while end < len(self._text):
            depth += {"(": 1, ")": -1}.get(self._text[end], 0)
            end += 1
            if depth == 0:
                break
        inner = self._text[self._at + 2 : end - 1 if depth == 0 else end]
        if self._depth < _DEPTH:
            nested = _Reader(inner, self._line, self._depth + 1).read()
            self._nested += [command._replace(alone=False) for command in nested]
        self._add(self._take(end - self._at))

    def _end_word(self) -> None:
        if self._word is None:
            return
        word, self._word = self._word, None
        quoted, self._is_quoted = self._is_quoted, False
        if self._skips_word:
            self._skips_word = False
        elif self._words or quoted or word not in _RESERVED:
            self._words.append(word)
        else:
            self._alone = False

    def _end_command(self) -> None:
        self._end_word()
        self._skips_word = False
        if self._words:
            self._commands.append(Command(self._started, self._words, self._alone))
        self._words, self._alone = [], True

    def _skip_heredocs(self) -> None:
        for delimiter, tabs in self._heredocs:
            while self._at < len(self._text):
                line = self._text[self._at :].partition("\n")[0]
                self._take(len(line) + 1)
                if (line.lstrip("\t") if tabs else line) == delimiter:
                    break
        self._heredocs = []
