"""Events: the log that live clients are sent, for those that ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from service.api.operation import read
from service.inputs import Input, Limit, View
from service.store import events
from service.store.scope import user_of
from service.views import EventView

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class After(Input):
    """Which part of the log."""

    after: Annotated[int, Field(ge=0, le=2**63 - 1, description="The id of the last event that is known.")] = 0
    limit: Limit = 100


class Events(View):
    """Events, the oldest first."""

    events: list[EventView]
    last_id: Annotated[int, Field(description="The id of the newest event in the log; 0 when there was none.")]
    reset: Annotated[
        bool,
        Field(description="Whether events after `after` are missing: read all anew, and go on at `last_id`."),
    ]


def list_events(session: Session, given: After) -> Events:
    """What happened after an event."""
    user_id = user_of(session)
    found = events.after(session, user_id, given.after, given.limit)
    shown = [EventView.model_validate(event) for event in found or ()]
    return Events(events=shown, last_id=events.last(session, user_id), reset=found is None)


OPERATIONS = (read("events.list", "/events", "List events", Events, list_events, After),)
