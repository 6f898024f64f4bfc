"""Where mail may be sent to be improved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ai.url import ModelUrl
from service.values import Unquoted


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1", "https://api.example.com:8443/v1/", "http://localhost:11434/v1",
        "http://127.0.0.1:8080", "http://[::1]:8080/v1", "http://10.1.2.3/v1", "http://192.168.0.2/v1",
        "http://[fd00::1]/v1", "http://ollama:11434/v1", "http://vllm.models.svc.cluster.local/v1",
    ],
)  # fmt: skip
def test_https_anywhere_and_http_in_private_networks(url: str) -> None:
    """A model of one's own needs no certificate."""
    assert ModelUrl.parse(url) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.example.com/v1", "unencrypted"),
        ("http://8.8.8.8/v1", "unencrypted"),
        ("ftp://api.example.com", "https://"),
        ("api.example.com/v1", "https://"),
        ("https://user:pass@api.example.com/v1", "AI_API_KEY"),
        ("https://api.example.com/v1?key=1", "AI_API_KEY"),
        ("https://api.example.com:port/v1", "read as a URL"),
        ("https://[::1/v1", "read as a URL"),
        ("https://api.example.com/v 1", "characters"),
    ],
)
def test_what_is_not_accepted_is_told_why(url: str, reason: str) -> None:
    """Each refusal names what is wrong, and quotes nothing."""
    with pytest.raises(Unquoted, match=reason):
        ModelUrl.parse(url)


@given(text=st.text() | st.text(alphabet="htps:/@[]?#.1a").map("https://".__add__))
def test_any_text_is_accepted_or_refused(text: str) -> None:
    """No other exception escapes."""
    try:
        ModelUrl.parse(text)
    except Unquoted:
        pass
