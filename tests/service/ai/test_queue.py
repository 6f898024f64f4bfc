"""The model in a running worker: what it is asked of its own accord, and what becomes of that."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.service.ai.endpoint import Endpoint, Said, completion, says, status
from tests.service.running import Running
from tests.service.store.followed import raw
from tests.service.test_mailboxes import ASKS, Maildir
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.store.url import DatabaseUrl
    from tests.service.ai.endpoint import Asked

GOOD = says("The report is wanted by Friday.", "Hello,\n\nhere it is.")


def asking(folder: Path, model: Endpoint, **more: Any) -> Running:
    """The service with a model."""
    return Running(folder, AI_BASE_URL=model.url, AI_MODEL="m", **more)


def test_the_model_improves_what_arrives(database_url: DatabaseUrl, tmp_path: Path) -> None:
    """The assistant's own work is told at once, and the model's as an event of its own when that is there."""
    maildir = Maildir(tmp_path / "Mail")
    released = threading.Event()
    patient: Callable[[Asked], Said] = lambda asked: Said(GOOD(asked).body, when=released)  # noqa: E731
    with Endpoint(patient) as model, asking(tmp_path, model, DATABASE_URL=database_url.get_secret_value()) as service:
        service.follow(maildir)
        maildir.deliver(raw(1, text=ASKS))
        understood = service.hears("message.understood")
        message = understood["message_id"]
        model.wait()
        assert service.analysis(message)["summary"] == understood["summary"] != "The report is wanted by Friday."
        released.set()
        assert service.hears("message.improved") == {"message_id": message, "draft": True}
        analysis, draft = service.analysis(message), service.api.get(f"/messages/{message}")["draft"]
        assert (analysis["summary"], analysis["source"]) == ("The report is wanted by Friday.", "model")
        assert (draft["text"], draft["source"], draft["state"]) == ("Hello,\n\nhere it is.", "model", "proposed")


@pytest.mark.parametrize(("fault", "words"), [(status(503), "status 503"), (status(401), "refuses the key")])
def test_the_assistants_own_work_stands_when_the_model_fails(
    tmp_path: Path, fault: Callable[[Asked], Said], words: str
) -> None:
    """It says why in words, and the worker is well."""
    maildir = Maildir(tmp_path / "Mail")
    with Endpoint(fault) as model, asking(tmp_path, model) as service:
        service.follow(maildir)
        maildir.deliver(raw(1, text=ASKS))
        [message] = service.understands(1)
        own = service.api.get(f"/messages/{message}")
        wait_until(lambda: service.analysis(message)["note"] != "")
        note = service.analysis(message)["note"]
        assert words in note
        assert note.endswith("this is the assistant's own work.")
        assert service.api.get(f"/messages/{message}") == {**own, "analysis": {**own["analysis"], "note": note}}
        assert own["analysis"]["source"] == own["draft"]["source"] == "rules"
        assert service.boot.get("/health").status == 200


def test_the_budget_of_a_day_ends_the_questions(tmp_path: Path) -> None:
    """What one message has cost is not there for the next one, which says so."""
    maildir = Maildir(tmp_path / "Mail")
    costly: Callable[[Asked], Said] = lambda _: completion('{"summary": "Costly.", "draft": ""}', tokens=9000)  # noqa: E731
    with Endpoint(costly) as model, asking(tmp_path, model, AI_DAILY_TOKENS="10000") as service:
        service.follow(maildir)
        maildir.deliver(raw(1, text=ASKS))
        [first] = service.understands(1)
        service.hears("message.improved")
        maildir.deliver(raw(2, text=ASKS))
        [second] = service.understands(1)
        wait_until(lambda: service.analysis(second)["note"] != "")
        assert "budget" in service.analysis(second)["note"]
        assert service.analysis(first)["summary"] == "Costly."
        assert service.analysis(second)["source"] == "rules"
        assert len(model.asked) == 1


def test_the_model_is_asked_no_faster_than_it_may_be(tmp_path: Path) -> None:
    """Here about two messages in eight seconds, whatever waits; all of them have their turn."""
    maildir = Maildir(tmp_path / "Mail")
    with Endpoint(GOOD) as model, asking(tmp_path, model, app="paced:app") as service:
        service.follow(maildir)
        for number in range(1, 5):
            maildir.deliver(raw(number, text=ASKS))
        ids = {service.hears("message.improved")["message_id"] for _ in range(4)}
        assert len(ids) == len(model.asked) == 4
        assert model.asked[-1].at - model.asked[0].at > 5  # each may come some time after its turn


@pytest.mark.parametrize("endpoint", ["does not answer", "wants to be left alone"])
def test_a_worker_that_is_stopped_does_not_wait_for_the_model(tmp_path: Path, endpoint: str) -> None:
    """Neither for its answer nor for the next try: it ends at once without a fault, and the next start asks again."""
    maildir = Maildir(tmp_path / "Mail")
    released = threading.Event()
    never: Callable[[Asked], Said] = lambda _: Said(b"{}", when=released)  # noqa: E731
    with Endpoint(never if endpoint == "does not answer" else status(429, Retry_After="10")) as model:
        service = asking(tmp_path, model, AI_TIMEOUT="300", GRACE_PERIOD="20")
        with service:
            service.follow(maildir)
            maildir.deliver(raw(1, text=ASKS))
            [message] = service.understands(1)
            model.wait()
            assert service.boot.stop() == 0
            assert "most recent call" not in service.boot.output  # of a fault, or of what had to be cut off
        released.set()
        model.plan = [GOOD]
        with service:
            assert service.hears("message.improved") == {"message_id": message, "draft": True}
            assert service.analysis(message)["source"] == "model"
