"""Patterns in which * stands for any characters, matched in linear time."""

from __future__ import annotations


def matches(text: str, pattern: str) -> bool:
    """Whether the whole text fits the pattern; nothing but * is special."""
    first, *middle = pattern.split("*")
    if not middle:
        return text == pattern
    last = middle.pop()
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    place, end = len(first), len(text) - len(last)
    for piece in middle:
        place = text.find(piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return True
