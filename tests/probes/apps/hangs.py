"""A module whose import never ends."""

import threading

print("hanging", flush=True)
threading.Event().wait()
