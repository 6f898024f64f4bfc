"""Errors: each is a problem details object (RFC 9457) that tells the client enough and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.boot import request
from tests.service.process import start_app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.boot import Boot

PROBLEM = "application/problem+json"


def test_an_unknown_path_is_a_problem(service: Boot) -> None:
    """404 names the path and carries the id under which the logs know the request."""
    reply = service.get("/nowhere", X_Request_ID="abc-123")
    assert reply.status == 404
    assert reply.fields["content-type"] == PROBLEM
    assert reply.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "nothing is served at /nowhere",
        "request_id": "abc-123",
    }


def test_a_wrong_method_is_told_the_right_ones(service: Boot) -> None:
    """405 comes with Allow."""
    reply = request(service.port, "DELETE", "/")
    assert reply.status == reply.json()["status"] == 405
    assert reply.fields["content-type"] == PROBLEM
    assert set(reply.fields["allow"].split(", ")) == {"GET", "HEAD"}


def test_an_exception_is_logged_and_not_shown(tmp_path: Path) -> None:
    """500 tells the client nothing of the exception, and the log has its traceback once, with the request's id."""
    with start_app(tmp_path, app="faulty_service:app") as boot:
        reply = boot.wait_ready().get("/boom", X_Request_ID="find-me")
        boot.stop()
        log = boot.output
    assert reply.status == 500
    assert reply.fields["content-type"] == PROBLEM
    assert b"kettle" not in reply.body
    assert b"Traceback" not in reply.body
    assert log.count("RuntimeError: the kettle is cold") == 1
    assert "ERROR service.problems: GET /boom failed [find-me]" in log
