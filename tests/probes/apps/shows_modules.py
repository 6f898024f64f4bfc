"""Runs `python -m probes ...` and prints at its end, in the gate alone, the modules that were loaded since."""

import atexit
import os
import runpy
import sys

gate = os.getpid()
before = set(sys.modules)


def show():
    if os.getpid() == gate:
        print("MODULES OF THE GATE:", *sorted(sys.modules.keys() - before), flush=True)


atexit.register(show)
sys.path[0] = os.getcwd()  # as -m has it
sys.argv = sys.argv[3:]  # after this file: python -m probes
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
