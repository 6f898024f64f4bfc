"""The service's own metrics, in prometheus_client's default registry; HTTP metrics are the gate's."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

SOCKETIO_CONNECTIONS = Gauge("socketio_connections", "Engine.IO sessions that are open.")

_EVENTS = Counter("socketio_events", "Socket.IO events, by direction.", ["direction"])
# Never labelled with an event's name: clients choose those.
EVENTS_RECEIVED = _EVENTS.labels("received")
EVENTS_SENT = _EVENTS.labels("sent")
