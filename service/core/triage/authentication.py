"""Whether the sender is who it says (RFC 8601): only the topmost Authentication-Results, which our side wrote.

What stands below may have been written by the sender; so may the topmost one where the user's server writes none, and
therefore a pass weighs little.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.core.triage.evidence import says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case, Evidence

_RESULT = re.compile(r"(?<![\w.-])(spf|dkim|dmarc)\s{0,3}=\s{0,3}([a-z]{1,12})")


def results(header: str) -> dict[str, str]:
    """The result of each method, by its name; a pass among several signatures counts."""
    found: dict[str, str] = {}
    for method, result in _RESULT.findall(header[:4000].casefold()):
        if found.get(method) != "pass":
            found[method] = result
    return found


def authentication(case: Case) -> Iterator[Evidence]:
    """DMARC decides where there is a result; SPF and DKIM where there is none."""
    found = results(case.email.header("authentication-results"))
    dmarc, spf, dkim = found.get("dmarc"), found.get("spf"), found.get("dkim")
    if dmarc == "fail":
        yield from says("its sender's domain disowns it (DMARC failed)", spam=2.5, needs_reply=-0.8, receipt=-1.0)
    elif dmarc == "pass":
        yield from says("it really comes from its sender's domain (DMARC passed)", spam=-0.7)
    elif spf in {"fail", "softfail"} and dkim != "pass":
        yield from says("a server sent it that its sender's domain does not name (SPF failed)", spam=1.5)
    elif dkim == "fail":
        yield from says("its signature does not hold (DKIM failed)", spam=0.8)
    elif dkim == "pass" or spf == "pass":
        yield from says("its sender's domain sent it (SPF or DKIM passed)", spam=-0.3)
