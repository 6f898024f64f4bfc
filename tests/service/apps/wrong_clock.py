"""The service of `brisk` on a clock that is ahead by the seconds in the file CLOCK, read at first and at SIGUSR2."""

import os
import signal
import time
from pathlib import Path

import time_machine
from brisk import app

__all__ = ["app"]

ahead = 0.0
clock = time_machine.travel(time.time(), tick=True).start()


def read(*_: object) -> None:
    global ahead
    told = float(Path(os.environ["CLOCK"]).read_text())
    clock.shift(told - ahead)
    ahead = told


signal.signal(signal.SIGUSR2, read)
read()
