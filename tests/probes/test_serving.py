"""What any application gets from the gate once it serves: probes, metrics, request ids, indicators."""

from __future__ import annotations

import http.client
import json
import re
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.boot import PATIENCE, Boot, request
from tests.conftest import BootModule


def sample(text: str, name: str, **labels: str) -> float | None:
    """The value of one sample of the Prometheus text format; None when there is none."""
    for line in text.splitlines():
        match = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if match and dict(re.findall(r'(\w+)="([^"]*)"', match[1] or "")) == labels:
            return float(match[2])
    return None


def metrics(process: Boot) -> str:
    """The metrics page of an instance."""
    return process.get("/metrics").body.decode()


def test_probes_are_answered_for_an_application_that_knows_nothing_of_them(boot: BootModule) -> None:
    """GET and HEAD on the three paths work; other methods are told what is allowed."""
    with boot() as process:
        process.wait_ready()
        assert process.get("/health").json() == {"status": "ok"}
        assert process.get("/healthz").status == 200
        assert process.get("/metrics").fields["content-type"].startswith("text/plain; version=0.0.4")
        for path in ("/health", "/healthz", "/metrics"):
            head = request(process.port, "HEAD", path)
            assert (head.status, head.body) == (200, b"")
            assert head.fields["content-type"] == process.get(path).fields["content-type"]
            refused = request(process.port, "POST", path)
            assert (refused.status, refused.fields["allow"]) == (405, "GET, HEAD")


def test_verbose_health_shows_every_check(boot: BootModule) -> None:
    """`/health?verbose` has the checks of the boot with their times, and the indicators."""
    with boot(critical_imports=["json"]) as process:
        process.wait_ready()
        body = process.get("/health?verbose").json()
        assert body["status"] == "ok"
        assert body["phase"] == "ready"
        names = [check["name"] for check in body["checks"]]
        assert {"import json", "app plain:app", "lifespan startup"} <= set(names)
        assert all(check["status"] == "ok" for check in body["checks"])
        assert body["indicators"] == []


def test_requests_are_counted_by_route_template(boot: BootModule) -> None:
    """Labels are method, template and status class; paths from outside never become a label."""
    with boot(app="routed:app") as process:
        process.wait_ready()
        for name in ("ada", "grace", "edsger"):
            process.get(f"/users/{name}")
        process.get("/tenants/acme/users/ada")
        process.get("/files/some/file")
        process.get("/wp-admin/setup.php")
        process.get("/fails")
        request(process.port, "BREW", "/coffee")
        page = metrics(process)
        total = "http_requests_total"
        assert sample(page, total, method="GET", route="/users/{name}", status="2xx") == 3
        assert sample(page, total, method="GET", route="/tenants/{tenant}/users/{name}", status="2xx") == 1
        assert sample(page, total, method="GET", route="/files/{path}", status="2xx") == 1
        assert sample(page, total, method="GET", route="unrouted", status="4xx") == 1
        assert sample(page, total, method="GET", route="/fails", status="5xx") == 1
        assert sample(page, total, method="OTHER", route="unrouted", status="4xx") == 1
        seconds = "http_request_duration_seconds_count"
        assert sample(page, seconds, method="GET", route="/users/{name}", status="2xx") == 3
        assert "wp-admin" not in page
        assert "BREW" not in page
        assert sample(page, total, method="GET", route="/health", status="2xx") is None


def test_the_page_has_every_promised_metric(boot: BootModule, tmp_path: Path) -> None:
    """State, phases, checks, indicators, the event loop's lag, and the client's own process metrics are there."""
    indicator = {"name": "always", "call": "os:getpid"}
    with boot(indicators=(indicator,)) as process:
        process.wait_ready()
        page = metrics(process)
    assert sample(page, "airlock_state", state="ready") == 1
    assert sample(page, "airlock_state", state="starting") == 0
    for phase in ("starting", "checking", "importing", "lifespan"):
        seconds = sample(page, "airlock_boot_seconds", phase=phase)
        assert seconds is not None
        assert seconds > 0
    assert sample(page, "airlock_check_seconds", check="app plain:app") is not None
    assert sample(page, "airlock_indicator_up", indicator="always") == 1
    assert sample(page, "airlock_indicator_age_seconds", indicator="always") is not None
    assert "airlock_event_loop_lag_seconds_bucket" in page
    assert "process_resident_memory_bytes" in page
    assert "python_gc_collections_total" in page
    assert "python_info" in page


def test_request_metrics_can_be_switched_off(boot: BootModule) -> None:
    """`request-metrics = false` leaves the boot's metrics and counts no request."""
    with boot(request_metrics=False) as process:
        process.wait_ready()
        process.get("/")
        page = metrics(process)
    assert "airlock_state" in page
    assert "http_requests_total" not in page


def test_metrics_want_the_token_when_there_is_one(boot: BootModule) -> None:
    """With METRICS_TOKEN the page is shown to its bearer alone, and the token is never shown."""
    with boot({"METRICS_TOKEN": "s3cret-t0ken"}) as process:
        process.wait_ready()
        refused = process.get("/metrics")
        assert (refused.status, refused.fields["www-authenticate"]) == (401, "Bearer")
        assert process.get("/metrics", Authorization="Bearer wrong").status == 401
        assert process.get("/metrics", Authorization="Bearer s3cret-t0ken").status == 200
        assert "s3cret" not in process.output + process.get("/health?verbose").body.decode()


def test_an_application_may_keep_a_path_for_itself(boot: BootModule) -> None:
    """What `application-paths` names is the application's; the other probes' paths stay."""
    with boot(app="routed:app", application_paths=["/metrics"]) as process:
        process.wait_ready()
        assert process.get("/metrics").body == b"the application's own"
        assert process.get("/health").json() == {"status": "ok"}


def test_a_request_has_an_id_in_its_response_and_in_the_log(boot: BootModule) -> None:
    """A usable X-Request-ID is kept, anything else replaced; log lines of the request carry it."""
    with boot({"LOG_FORMAT": "json"}, app="routed:app") as process:
        process.wait_ready()
        reply = process.get("/users/ada", X_Request_ID="trace-42")
        assert reply.fields["x-request-id"] == "trace-42"
        assert reply.body == b"ada trace-42"
        entry = json.loads(process.wait_for(r'\{[^\n]*"message": "asked for a user"[^\n]*\}').group())
        assert entry["request_id"] == "trace-42"
        assert entry["logger"] == "routed"
        made = process.get("/users/ada", X_Request_ID='evil" id').fields["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", made)
        process.get("/fails", X_Request_ID="trace-43")
        error = json.loads(process.wait_for(r'\{[^\n]*"exception"[^\n]*\}').group())
        assert error["request_id"] == "trace-43"
        assert "RuntimeError: a bug" in error["exception"]


@pytest.mark.parametrize("critical", [True, False])
def test_only_a_critical_indicator_takes_the_instance_out_of_rotation(
    critical: bool, boot: BootModule, tmp_path: Path
) -> None:
    """A critical indicator that goes down turns `/health` to 503 and names itself; another is shown only."""
    file = tmp_path / "database"
    file.write_text("answers")
    indicator: dict[str, Any] = {
        "name": "database",
        "call": "routed:follows_a_file",
        "critical": critical,
        "every": 0.05,
    }
    with boot({"INDICATOR_FILE": str(file)}, app="routed:app", indicators=(indicator,)) as process:
        process.wait_ready()
        assert process.get("/health").status == 200
        assert process.get("/health?verbose").json()["indicators"][0]["detail"] == "answers"
        file.unlink()
        process.wait_for("indicator database is down: database is not there")
        health = process.get("/health")
        assert process.get("/healthz").status == 200
        assert sample(metrics(process), "airlock_indicator_up", indicator="database") == 0
        if critical:
            assert health.status == 503
            body = health.json()
            assert body["status"] == "unavailable"
            (shown,) = body["indicators"]
            assert (shown["name"], shown["status"], shown["detail"]) == ("database", "down", "database is not there")
            assert {"phase", "elapsed_seconds", "checks"} <= body.keys()
        else:
            assert health.status == 200
        file.write_text("is back")
        process.wait_for("indicator database is up: is back")
        assert process.get("/health").status == 200


@pytest.mark.parametrize("call", ["never_answers", "blocks"])
def test_an_indicator_that_hangs_is_down_and_holds_up_nothing(call: str, boot: BootModule) -> None:
    """Neither a coroutine nor a thread that never returns delays a probe, the application or the end."""
    indicator = {"name": "stuck", "call": f"routed:{call}", "every": 0.1, "timeout": 0.2}
    with boot({"GRACE_PERIOD": "3"}, app="routed:app", indicators=(indicator,)) as process:
        process.wait_ready()
        process.wait_for(r"indicator stuck is down: no answer within 0\.2 s")
        assert process.get("/health").status == 200
        assert process.get("/users/ada").status == 200
        assert process.stop() == 0


def test_an_indicator_that_leads_nowhere_is_a_failed_boot(boot: BootModule) -> None:
    """Its reference is proved with all the others, before anything is served."""
    with boot(app="routed:app", indicators=({"name": "gone", "call": "routed:folows_a_file"},)) as process:
        assert process.wait() == 1
        assert "ERROR 1: indicator gone" in process.output
        assert "'follows_a_file'" in process.output


@pytest.mark.parametrize("path", ["/", "/metrics", "/fails"])
@pytest.mark.parametrize("size", [1_000, 5_000_000])
def test_a_body_that_nobody_reads_loses_no_answer_and_blocks_nothing(path: str, size: int, boot: BootModule) -> None:
    """An answer, even an error's, that ends before its request arrives whole, and nothing is left in flight."""
    with boot(app="routed:app") as process:
        process.wait_ready()
        for body in (b"x" * size, iter([b"x" * 1000] * (size // 1000))):
            connection = http.client.HTTPConnection("127.0.0.1", process.port, timeout=PATIENCE)
            connection.request("GET", path, body=body)
            response = connection.getresponse()
            assert response.status in (200, 404, 500)
            response.read()
            connection.close()
        assert process.stop() == 0
        assert "cut off" not in process.output


def test_a_websocket_message_over_the_limit_closes_its_websocket(boot: BootModule) -> None:
    """The limit is the contract's, and the close code says that it was the size (RFC 6455, 1009)."""
    with boot(max_websocket_message=1000) as process:
        process.wait_ready()
        with connect(f"ws://127.0.0.1:{process.port}/") as websocket:
            websocket.send("x" * 1000)
            assert len(websocket.recv(PATIENCE)) == 1000
            websocket.send("x" * 1001)
            with pytest.raises(ConnectionClosed) as closed:
                websocket.recv(PATIENCE)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009


def test_messages_that_an_application_uses_again_stay_as_they_are(boot: BootModule, tmp_path: Path) -> None:
    """Each response has one request id, even if its start message is a constant."""
    (tmp_path / "frugal.py").write_text(
        "START = {'type': 'http.response.start', 'status': 200, 'headers': []}\n"
        "async def app(scope, receive, send):\n"
        "    await send(START)\n    await send({'type': 'http.response.body', 'body': b''})\n"
    )
    with boot(app="frugal:app", lifespan="off") as process:
        process.wait_ready()
        replies = [process.get("/") for _ in range(3)]
    assert len({reply.fields["x-request-id"] for reply in replies}) == 3
