"""The command `drift`: scan, report, and the exit status."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probes.drift.scan import Drift

_SHOWN = 8


def drift(root: str, output: str) -> int:
    """0 nothing has drifted below `root`, 1 something has, 2 nothing to examine there, or to read YAML with."""
    folder = Path(root)
    if not folder.is_dir():
        return _refuse(f"ROOT {root!r} is not usable: accepted is the folder of a project")
    try:
        from probes.drift.scan import scan
    except ModuleNotFoundError as error:
        if error.name != "yaml":
            raise
        return _refuse("drift needs PyYAML, which is not installed: pip install 'airlock[drift]'")
    found = scan(folder)
    if not found.examined and not found.findings:
        return _refuse(f"ROOT {root!r} has no deployment file: name the folder that has the Dockerfile or the Procfile")
    print(document(found) if output == "json" else report(found))
    return 1 if found.findings else 0


def report(found: Drift) -> str:
    """What was seen, as text."""
    lines = []
    for number, finding in enumerate(found.findings, 1):
        lines += [f"DRIFT {number}: {finding}", f"    way out: {finding.resolution}", ""]
    for kind in sorted({one.kind for one in found.examined}):
        files = [one for one in found.examined if one.kind == kind]
        shown = files if len(files) <= _SHOWN else [one for one in files if one.starts]
        names = [f"{one.file} ({_count(one.starts, 'start')})" if one.starts else one.file for one in shown]
        lines.append(f"{kind}: {', '.join(names) or _count(len(files), 'file')}")
    verdict = f"{len(found.findings)} found" if found.findings else "no drift"
    examined, starts = _count(len(found.examined), "file"), _count(len(found.starts), "start")
    return "\n".join([*lines, "", f"{verdict}: {examined} examined, {starts} of the service"])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def document(found: Drift) -> str:
    """What was seen, as one JSON document."""
    body = {
        "status": "failed" if found.findings else "ok",
        "examined": [one._asdict() for one in found.examined],
        "starts": [{**one.place._asdict(), "command": one.command} for one in found.starts],
        "findings": [
            {**one.place._asdict(), "found": one.found, "expected": one.expected, "resolution": one.resolution}
            for one in found.findings
        ],
    }
    return json.dumps(body, ensure_ascii=False, indent=2)


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2
