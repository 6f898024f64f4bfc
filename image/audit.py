"""Known vulnerabilities in the image's Python distributions: `python -m image.audit`, with pip-audit.

Exit status 0: none is known, or it says that it could not find out; 1: there are some.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def main() -> int:
    """Ask the database, print what it knows, and return the exit status."""
    asked = ["uv", "tool", "run", "pip-audit", "--disable-pip", "--require-hashes", "--progress-spinner=off"]
    command = [sys.executable, "-m", *asked, "--format=json", f"--requirement={REQUIREMENTS}"]
    said, is_bad = judge(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout)
    print(said)
    return int(is_bad)


def judge(report: str) -> tuple[str, bool]:
    """What a report of pip-audit in JSON says, in words, and whether there is a vulnerability."""
    try:
        found = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return "NOT CHECKED: no database of vulnerabilities can be reached from here", False
    known = [
        f"{one['name']} {one['version']} has {flaw['id']}: fixed in {', '.join(flaw['fix_versions']) or 'no version'}"
        for one in found
        for flaw in one.get("vulns", [])
    ]
    skipped = [one["name"] for one in found if "skip_reason" in one]
    if skipped:
        known.append(f"NOT CHECKED, as the database does not know them: {', '.join(skipped)}")
    checked = len(found) - len(skipped)
    return "\n".join([*known, f"{checked} of {len(found)} distributions are checked"]), len(known) > bool(skipped)


if __name__ == "__main__":
    sys.exit(main())
