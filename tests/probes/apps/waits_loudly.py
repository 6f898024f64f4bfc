"""Checks that wait for ever, with much to say: their `/health` does not fit into a socket's buffers."""

import probes


def __getattr__(name):
    if not name.startswith("check"):
        raise AttributeError(name)
    return wait


def wait():
    raise probes.Waiting("loud " * 13_000)
