"""The service's own metrics, in prometheus_client's default registry; HTTP metrics are the gate's."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

SOCKETIO_CONNECTIONS = Gauge("socketio_connections", "Engine.IO sessions that are open.")

_EVENTS = Counter("socketio_events", "Socket.IO events, by direction.", ["direction"])
# Never labelled with an event's name: clients choose those.
EVENTS_RECEIVED = _EVENTS.labels("received")
EVENTS_SENT = _EVENTS.labels("sent")

OUTCOMES = ("stored", "too-large", "over-quota", "duplicate", "understood", "dead")
"""What becomes of a message: first one of four (too large or over quota: stored by its header), then one of two."""
MESSAGES = Counter("airlock_messages", "Messages, by their source and what became of them.", ["source", "outcome"])
STAGE_SECONDS = Histogram(
    "airlock_stage_seconds", "Time that one message takes in a stage.", ["stage"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)  # fmt: skip
PARSE_SECONDS = STAGE_SECONDS.labels("parse")
STORE_SECONDS = STAGE_SECONDS.labels("store")
UNDERSTAND_SECONDS = STAGE_SECONDS.labels("understand")
SYNCS = Counter("airlock_syncs", "Passes over an account, by their end.", ["outcome"])
SYNC_SECONDS = Histogram(
    "airlock_sync_seconds", "Time that a pass over an account takes.", buckets=(0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)
)
RECONNECTS = Counter(
    "airlock_reconnects", "Sources that answered again after a failure, by the kind of source.", ["source"]
)
WAITING = Gauge("airlock_messages_waiting", "Messages that are stored and not understood yet.")
OLDEST_WAITING = Gauge("airlock_messages_oldest_waiting_seconds", "Age of the oldest of them.")
DEAD_LETTERS = Gauge("airlock_dead_letters", "Messages whose work failed as often as it may.")
QUEUE_DEPTH = Gauge("airlock_queue_depth", "Workflows that are enqueued or go on, by their queue.", ["queue"])
ACCOUNTS = Gauge("airlock_accounts", "Accounts, by their state.", ["state"])
SYNC_LAG = Gauge("airlock_sync_lag_seconds", "Time since the last success of the account that waits for one longest.")

LIVE_CLIENTS = Gauge("airlock_live_clients", "Clients of this instance that are sent somebody's log of events.")
EVENTS_DELIVERED = Counter("airlock_events_delivered", "Events of a log, each time that one is sent to a client.")
REPLAYS = Counter("airlock_replays", "Clients that were sent all that they missed, if anything.")
RESETS = Counter(
    "airlock_replay_resets", "Clients that have to begin anew, since the log does not have what they missed."
)
MODEL_ANSWERS = Counter("airlock_model_answers", "Questions to the model, by what became of the answer.", ["outcome"])
MODEL_TOKENS = Counter("airlock_model_tokens", "Tokens that the model's answers have cost.")
