"""Says of an exception what it is and where it was raised, in one line."""

from __future__ import annotations

import traceback


def blame(error: BaseException) -> str:
    """`ValueError: text (file.py:12)`; the place is the innermost frame of the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    try:
        text = str(error)
    except Exception:
        text = "its message cannot be shown"
    return f"{type(error).__name__}{f': {text}' if text else ''}{place}"
