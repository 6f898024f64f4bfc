"""What every report of a failed boot has."""

from __future__ import annotations

from tests.boot import Boot


def failed(process: Boot) -> str:
    """The report of a boot that must have failed."""
    assert process.wait() == 1
    report = process.output
    assert "CRITICAL: STARTUP VALIDATION FAILED - CANNOT PROCEED" in report
    assert "ALL STARTUP CHECKS PASSED" not in report
    assert "[FAIL]" in report
    assert "RESOLUTION STEPS:" in report
    assert "EXIT STATUS: 1" in report
    assert "Traceback" not in report
    return report
