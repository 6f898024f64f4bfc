"""An application that ends, is killed, and leaves orphans, as its path says; it prints the signals it gets."""

import asyncio
import os
import signal

orphans = []


def leave_orphan():
    ended, keep = os.pipe()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os.close(ended)
        orphans.append(keep)
    elif os.fork():
        os._exit(0)
    else:
        os.close(keep)
        for earlier in orphans:
            os.close(earlier)
        os.read(ended, 1)  # ends when the application closes its end
        os._exit(0)


def release_orphans():
    while orphans:
        os.close(orphans.pop())


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
            asyncio.get_running_loop().add_signal_handler(number, print, f"got {number.name}")
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    _, action, argument = scope["path"].split("/")
    if action == "exit":
        os._exit(int(argument))
    elif action == "kill":
        signal.signal(int(argument), signal.SIG_DFL) if int(argument) != signal.SIGKILL else None
        os.kill(os.getpid(), int(argument))
    elif action == "orphans":
        for _ in range(int(argument)):
            leave_orphan()
    elif action == "release":
        release_orphans()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})
