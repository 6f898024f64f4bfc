"""The endpoint of the model: one question, one answer, in OpenAI's chat completions format."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx2

from service.ai.answer import NoAnswer

if TYPE_CHECKING:
    from service.ai.prompt import Prompt
    from service.settings import Settings

LARGEST = 200_000
"""Bytes of an answer that are read; the texts in it are far smaller."""
TOKENS = 2000
"""Tokens that an answer may cost."""
_LONGEST_PAUSE = 10.0  # seconds of Retry-After that are waited for
_MOST = 10_000_000  # tokens that an endpoint may say it has used

logging.getLogger("httpx2").setLevel(logging.WARNING)  # it has a line for each request


@dataclass(frozen=True, slots=True)
class Reply:
    """The content of the answer, which is not checked yet, and the tokens that both ways have cost; None: not said."""

    content: str
    tokens: int | None


class Client:
    """Asks the model that the settings name; as a context manager it closes its connection."""

    def __init__(self, settings: Settings) -> None:
        if settings.ai_base_url is None or settings.ai_model is None:
            raise ValueError("no model is set up")
        self._url = f"{settings.ai_base_url.get_secret_value()}/chat/completions"
        self._model = settings.ai_model
        self._timeout = settings.ai_timeout
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if settings.ai_api_key is not None:
            headers["Authorization"] = f"Bearer {settings.ai_api_key.get_secret_value()}"
        self._http = httpx2.Client(headers=headers, timeout=self._timeout, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, prompt: Prompt, schema: dict[str, Any]) -> Reply:
        """One question; the answer should be JSON of the schema. Raises `NoAnswer`."""
        body = {
            "model": self._model,
            "messages": [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            "max_completion_tokens": TOKENS,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": schema},
            },
        }
        try:
            return _reply(self._post(body))
        except httpx2.ConnectError:
            raise NoAnswer("its endpoint cannot be reached", again=True, spent=False) from None
        except httpx2.TimeoutException:
            raise NoAnswer(self._too_slow(), again=True) from None
        except httpx2.HTTPError:
            raise NoAnswer("the connection to its endpoint broke", again=True) from None

    def _post(self, body: dict[str, Any]) -> bytes:
        ends = time.monotonic() + self._timeout
        read = bytearray()
        with self._http.stream("POST", self._url, json=body) as response:
            _judge(response)
            for piece in response.iter_raw():
                read += piece
                if len(read) > LARGEST:
                    raise NoAnswer("its answer was too large")
                if time.monotonic() > ends:
                    raise NoAnswer(self._too_slow(), again=True)
        return bytes(read)

    def _too_slow(self) -> str:
        return f"it did not answer within {self._timeout:g} s"


def _judge(response: httpx2.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    if status in (401, 403):
        raise NoAnswer("its endpoint refuses the key", spent=False)
    if status == 429 or status >= 500:
        after = _retry_after(response.headers.get("retry-after", ""))
        words = "its endpoint has no room now" if status == 429 else f"its endpoint has a fault (status {status})"
        raise NoAnswer(words, again=after <= _LONGEST_PAUSE, after=after, spent=False)
    raise NoAnswer(f"its endpoint refuses the question (status {status})", spent=False)


def _retry_after(text: str) -> float:
    """Seconds (RFC 9110, 10.2.3); the form of a date counts as too long."""
    if not text:
        return 0.0
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else _LONGEST_PAUSE + 1


def _reply(data: bytes) -> Reply:
    try:
        document = json.loads(data)
        content = document["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise NoAnswer("its endpoint does not speak the chat completions format") from None
    if not isinstance(content, str):
        raise NoAnswer("it declined to answer")
    usage = document.get("usage")
    tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
    return Reply(content, min(tokens, _MOST) if isinstance(tokens, int) and tokens >= 0 else None)
