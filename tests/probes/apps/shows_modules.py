"""Runs `python -m probes ...` and prints, when the gate ends or becomes an init, the modules that it has loaded."""

import atexit
import os
import runpy
import sys

gate = os.getpid()
before = set(sys.modules)


def show():
    if os.getpid() == gate:
        print("MODULES OF THE GATE:", *sorted(sys.modules.keys() - before), flush=True)


def execv(*arguments):
    show()
    replace(*arguments)


replace, os.execv = os.execv, execv
atexit.register(show)
sys.path[0] = os.getcwd()  # as -m has it
sys.argv = sys.argv[3:]  # after this file: python -m probes
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
