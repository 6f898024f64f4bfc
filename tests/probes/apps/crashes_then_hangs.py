"""Checks that need two children: the first takes its process down, the second waits in the next one."""

import os
import threading


def crashes():
    open(os.environ["CRASH_WHEN"]).close()  # a FIFO: blocks until the test has opened it
    os._exit(3)


def hangs():
    print("hanging", flush=True)
    threading.Event().wait()
