"""What the gate answers to each request, by state: the table in the README. Standard library only."""

from __future__ import annotations

from probes.gate.responder import Request, response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from probes.environment import Environment
    from probes.record import Record

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PROBE_PATHS = ("/health", "/healthz", "/metrics")


class Answers:
    """Answers from the record of this boot; called with a request and whether it came to the management port."""

    def __init__(self, record: Record, environment: Environment) -> None:
        self._record = record
        self._metrics_on_traffic_port = environment.management_port is None
        self._metrics_token = environment.metrics_token

    def __call__(self, request: Request, management: bool) -> bytes:
        """The whole response, as bytes."""
        head_only = request.method == "HEAD"
        known = request.path in PROBE_PATHS and (
            request.path != "/metrics" or management or self._metrics_on_traffic_port
        )
        if not known:
            return response(503, self._record.short_json(), head_only=head_only, fields=(("Retry-After", "1"),))
        if request.method not in ("GET", "HEAD"):
            return response(405, b'{"status":405}', fields=(("Allow", "GET, HEAD"),))
        if request.path == "/healthz":
            return response(200, b'{"status":"alive"}', head_only=head_only)
        if request.path == "/health":
            ready = self._record.state == "ready" and not self._record.unavailable
            body = b'{"status":"ok"}' if ready else self._record.health_json()
            return response(200 if ready else 503, body, head_only=head_only)
        if not bearer_matches(request.fields.get("authorization", ""), self._metrics_token):
            return response(401, b'{"status":401}', head_only=head_only, fields=(("WWW-Authenticate", "Bearer"),))
        return response(200, self._record.metrics(), content_type=METRICS_TYPE, head_only=head_only)


def bearer_matches(authorization: str, token: str) -> bool:
    """Whether an Authorization field carries `token` (RFC 6750, section 2.1); any does when there is no token."""
    if not token:
        return True
    import hmac

    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
