"""Asking the model about one mail: masked, within the budget, and again when that makes sense."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.ai import answer, budget, prompt
from service.ai.answer import NoAnswer
from service.ai.client import TOKENS, Client
from service.ai.mask import Mask
from service.ending import ending
from service.metrics import MODEL_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.ai.answer import Answer
    from service.ai.client import Reply
    from service.settings import Settings
    from service.store.database import Database

ATTEMPTS = 3
"""How often a question is put at most."""


class Questioner:
    """Asks the model that the settings name, on behalf of one user."""

    def __init__(self, database: Database, settings: Settings, user_id: int, pause: float) -> None:
        self._database = database
        self._settings = settings
        self._user_id = user_id
        self._pause = pause

    def ask(self, mail: str, names: Iterable[str], *, with_draft: bool) -> Answer:
        """What the model makes of a mail; `names` are of the people in it. Raises `NoAnswer` or `answer.Refused`."""
        mask = Mask(mail, names)
        question = prompt.write(mask.mask(mail), with_draft=with_draft)
        return answer.read(self._insist(question), mask, mail)

    def _insist(self, question: prompt.Prompt) -> str:
        for attempt in range(ATTEMPTS - 1):
            try:
                return self._once(question)
            except NoAnswer as error:
                if not error.again:
                    raise
                ending.sleep(max(error.after, self._pause * 2**attempt))
        return self._once(question)

    def _once(self, question: prompt.Prompt) -> str:
        # A token is rarely less than three bytes of text.
        estimate = len(question.system.encode() + question.user.encode()) // 3 + TOKENS
        reserved = budget.reserve(self._database, self._user_id, estimate, self._settings.ai_daily_tokens)
        if reserved is None:
            raise NoAnswer("the day's budget for it is spent")
        try:
            reply = ending.wait_for(lambda: self._reply(question))
        except NoAnswer as error:
            if not error.spent:
                budget.correct(self._database, reserved, 0)
            raise
        if reply.tokens is not None:
            budget.correct(self._database, reserved, reply.tokens)
        MODEL_TOKENS.inc(estimate if reply.tokens is None else reply.tokens)
        return reply.content

    def _reply(self, question: prompt.Prompt) -> Reply:
        with Client(self._settings) as client:
            return client.ask(question, answer.schema())
