"""A check that waits for ever, with much to say about it: its `/health` does not fit into a socket's buffers."""

import probes


def check():
    raise probes.Waiting("loud " * 800_000)
