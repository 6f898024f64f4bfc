"""Runs the checks of a contract: all of them, timed, with what waits tried again."""

from __future__ import annotations

import asyncio
import inspect
import random
import time
from typing import TYPE_CHECKING

from probes import Failure, Waiting
from probes.blame import blame
from probes.checks import plan
from probes.patience import Overdue, until

if TYPE_CHECKING:
    from probes.checks import Check
    from probes.contract import Contract
    from probes.reporter import Reporter

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0  # seconds between attempts of a check that waits


class Prover:
    """Proves one contract and reports every step."""

    def __init__(self, contract: Contract, reporter: Reporter) -> None:
        self._contract = contract
        self._reporter = reporter

    def prove(self) -> bool:
        """Run every check, whatever became of the others; whether all hold."""
        failed_before = {check.name for check in self._reporter.record.failed}
        waiting: dict[Check, int] = {}
        for check in plan(self._contract, self._reporter.warning):
            if check.name in failed_before:
                continue
            if self._reporter.record.state != check.phase:
                self._reporter.phase(check.phase)
            if not self._attempt(check, 1):
                waiting[check] = 1
        pause = _FIRST_PAUSE
        while waiting and not self._reporter.record.failed:
            self._reporter.phase("waiting")
            time.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
            pause = min(2 * pause, _LONGEST_PAUSE)
            waiting = {c: n + 1 for c, n in waiting.items() if not self._attempt(c, n + 1)}
        return not self._reporter.record.failed

    def _attempt(self, check: Check, attempt: int) -> bool:
        """Whether the check was concluded, one way or the other."""
        if attempt == 1:
            self._reporter.running(check.name)
        began = time.monotonic()
        try:
            result = check.run()
            if inspect.isawaitable(result):
                result = asyncio.run(until(self._reporter.deadline, result))
        except Waiting as error:
            self._reporter.waiting(check.name, error.detail, *error.resolution, began=began, attempts=attempt)
            return False
        except Overdue as error:
            self._reporter.failed(
                check.name,
                f"did not finish before BOOT_TIMEOUT ({_place(error.stack)})",
                "bound what it waits for with a timeout of its own, or raise probes.Waiting to be tried again",
                began=began,
                stack=error.stack,
            )
        except Failure as error:
            self._reporter.failed(check.name, error.detail, *error.resolution, began=began)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an exit or a cancellation in a check is its failure, not ours
            self._reporter.failed(check.name, f"raised {blame(error)}", *_resolution(error), began=began)
        else:
            self._reporter.ok(check.name, began, result if isinstance(result, str) else "")
        return True


def _place(stack: list[str]) -> str:
    return f"it waits at {stack[0]}" if stack else "it shows no stack"


def _resolution(error: BaseException) -> tuple[str, ...]:
    """What an exception of any kind says about its own way out."""
    steps = getattr(error, "resolution", None)
    if isinstance(steps, str):
        return (steps,)
    if isinstance(steps, (list, tuple)) and steps:
        return tuple(map(str, steps))
    return ("mend the cause; the check can say how, with probes.Failure",)
