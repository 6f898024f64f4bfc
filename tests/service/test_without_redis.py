"""Replicas as far as no Redis is needed: an instance alone, and what is made of a message."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from service.live.replicas import decode

if TYPE_CHECKING:
    from tests.boot import Boot


def test_the_indicator_of_an_instance_alone_is_up(service: Boot) -> None:
    """Without REDIS_URL nothing is missing, and the detail says so."""
    indicators = {entry["name"]: entry for entry in service.get("/health?verbose").json()["indicators"]}
    assert (indicators["redis"]["status"], indicators["redis"]["critical"]) == ("up", False)
    assert indicators["redis"]["detail"] == "not configured (REDIS_URL): live events stay in this process"


def test_an_instance_alone_does_not_load_what_replicas_need() -> None:
    """The application is built with the library's own manager, in this process."""
    script = (
        "import sys; from service.app import build, load; build(load()); print('service.live.replicas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env={}).stdout == "False\n"


@given(st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda x: repr(x).encode()))
def test_a_message_is_an_object_or_nothing(data: bytes) -> None:
    """Whatever comes over the channel, it is decoded to an object or passed over."""
    assert decode(data) is None or data.lstrip()[:1] == b"{"
