"""text/plain; format=flowed (RFC 3676): paragraphs as one line each."""

from __future__ import annotations


def unflow(text: str, delsp: bool) -> str:
    """The text with flowed lines joined and quotes as `> `; `delsp` drops the blank at the end of a flowed line."""
    lines: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        quotes = len(line) - len(content)
        content = content.removeprefix(" ")  # space-stuffed
        flowed = content.endswith(" ") and content != "-- "
        if paragraph and (quotes != depth or content == "-- "):  # a quote that ends with a flowed line
            lines.append(_quoted(depth, paragraph))
            paragraph = []
        depth = quotes
        paragraph.append(content[:-1] if flowed and delsp else content)
        if not flowed:
            lines.append(_quoted(depth, paragraph))
            paragraph = []
    if paragraph:
        lines.append(_quoted(depth, paragraph))
    return "\n".join(lines)


def _quoted(depth: int, paragraph: list[str]) -> str:
    text = "".join(paragraph)
    return f"{'>' * depth} {text}".rstrip() if depth else text
