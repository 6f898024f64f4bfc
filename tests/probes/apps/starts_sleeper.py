"""A module whose import starts another program and waits for it."""

import subprocess

sleeper = subprocess.Popen(["sleep", "600"])
print("sleeper is", sleeper.pid, flush=True)
sleeper.wait()
