"""Live events between replicas: each one publishes its own to a channel of Redis, and hears those of the others.

Over a second channel they wake each other when there are new events in somebody's log.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.backoff import EqualJitterBackoff
from redis.exceptions import RedisError
from socketio.async_pubsub_manager import AsyncPubSubManager

from probes import Failure
from service.instance import NAME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from service.redis_url import RedisUrl

log = logging.getLogger("service.replicas")  # no packet is logged here, unlike in service.live

_TIMEOUT = 2.0  # seconds for connecting and for an answer; an event's sender waits for both at most
_LONGEST_ID = 19  # digits
_PAUSES = EqualJitterBackoff(cap=5.0, base=0.5)  # seconds before a new attempt; jitter keeps replicas apart


class Replicas(AsyncPubSubManager):  # type: ignore[misc]  # the library has no types
    """python-socketio's client manager over Redis; `write_only` is for a process that has no clients itself.

    In place of the library's own: that one logs each event that it cannot publish, and why it cannot only in a field
    that nobody prints; it pauses up to a minute before it listens again; and it has no end.
    """

    def __init__(self, url: RedisUrl, *, write_only: bool) -> None:
        self._url = url
        # Protocol 3 begins with HELLO, which Redis before 6 refuses with an error that quotes the password.
        self._redis = Redis.from_url(
            url.get_secret_value(), protocol=2, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT
        )
        # Redis has one set of channels for all of its databases, and people part installations by database.
        channel = f"{NAME}:{self._redis.connection_pool.connection_kwargs.get('db', 0)}"
        super().__init__(channel=channel, write_only=write_only, logger=logging.getLogger("service.live"))
        self.woken: Callable[[int], None] = lambda _: None
        """Called with the id of a user for whom another replica has appended events."""
        self._wakes = f"{channel}:wake"
        self._to_wake: set[int] = set()
        self._waking: asyncio.Task[None] | None = None
        self._listening = False
        self._tried = asyncio.Event()
        self._unheard = 0
        self._reason = ""

    async def start(self) -> None:
        """Listen from now on; returns when that works, or when it is clear that it does not yet."""
        self.initialize()
        if not self.write_only:
            try:
                async with asyncio.timeout(2 * _TIMEOUT):
                    await self._tried.wait()
            except TimeoutError:
                pass

    async def stop(self) -> None:
        """Listen no more, and leave Redis."""
        if not self.write_only:
            self.thread.cancel()
            await self.thread
        if self._waking:
            self._waking.cancel()
            await asyncio.gather(self._waking, return_exceptions=True)
        await self._redis.aclose()

    async def ping(self) -> str:
        """How Redis is, as a detail for people; raises `Failure` when events do not pass between replicas."""
        try:
            await self._redis.ping()
        except Exception as error:
            raise self._failure(f"Redis does not answer: {self._told(error)}") from None
        if self.write_only:
            return "Redis answers"
        if not self._listening:
            raise self._failure(f"Redis answers, but its channel {self.channel!r} is not heard yet: {self._reason}")
        return f"Redis answers, and its channel {self.channel!r} is heard"

    def wake(self, user_id: int) -> None:
        """Say that there are new events for the user; while Redis is away others find them by themselves."""
        self._to_wake.add(user_id)
        if self._waking is None or self._waking.done():
            self._waking = asyncio.create_task(self._wake_all())

    async def _wake_all(self) -> None:
        while self._to_wake:
            try:
                await self._redis.publish(self._wakes, str(self._to_wake.pop()))
            except (RedisError, OSError):
                pass  # what listens here and the indicator tell people

    async def _publish(self, data: dict[str, Any]) -> None:
        """The library's hook: hand a message to the other replicas. Raises nothing: whoever emits goes on."""
        try:
            await self._redis.publish(self.channel, self.json.dumps(data))
        except (RedisError, OSError) as error:
            self._unheard += 1
            if self._unheard == 1:
                log.warning("an event does not reach other replicas: %s", self._told(error))
        else:
            if self._unheard:
                log.info("events reach other replicas again; they missed %d", self._unheard)
            self._unheard = 0

    async def _listen(self) -> AsyncIterator[dict[str, Any]]:
        """The library's hook: the messages of all replicas, this one's among them."""
        failures = 0
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(self.channel, self._wakes)
                    async for message in subscription.listen():
                        if message["type"] == "subscribe":
                            self._found()
                            failures = 0
                        elif message["channel"] == self._wakes.encode():
                            self._hear(message["data"])
                        elif (decoded := decode(message["data"])) is not None:
                            yield decoded
            except Exception as error:
                self._lost(error)
            failures += 1
            await asyncio.sleep(_PAUSES.compute(failures))

    def _hear(self, data: bytes) -> None:
        if data.isdigit() and len(data) <= _LONGEST_ID:
            self.woken(int(data))

    def _found(self) -> None:
        if self._reason:
            log.info("events of other replicas arrive again")
        self._listening, self._reason = True, ""
        self._tried.set()

    def _lost(self, error: Exception) -> None:
        known, self._reason = self._reason, self._told(error)
        if not known:
            log.warning("events of other replicas do not arrive: %s", self._reason)
        self._listening = False
        self._tried.set()

    def _told(self, error: Exception) -> str:
        return self._url.hide(f"{type(error).__name__}: {error}")

    def _failure(self, detail: str) -> Failure:
        return Failure(
            detail,
            "see that the Redis server at REDIS_URL runs and can be reached from here",
            "until then live events reach the clients of one instance only",
        )


def decode(data: bytes) -> dict[str, Any] | None:
    """A message; None, and a line in the log, for what no replica wrote: the library would stumble over it."""
    try:
        decoded = json.loads(data)
    except (ValueError, RecursionError):
        decoded = None
    if isinstance(decoded, dict):
        return decoded
    log.warning("%d bytes in the channel are no message of a replica", len(data))
    return None
