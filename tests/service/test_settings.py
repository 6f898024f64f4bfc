"""The settings: what is accepted, where a value came from, and what an operator is told."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, SecretStr

from probes import Failure
from service import values
from service.redis_url import RedisUrl
from service.setting import setting
from service.settings import Settings, check, load
from service.values import REDACTED
from tests.service.process import start

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLES = [
    "REDIS_URL",
    "WORKER_MODE", "DEBUG_CONFIG", "TRUSTED_PROXIES", "MAX_BODY_SIZE", "COSTLY_REQUESTS", "SOCKETIO_MAX_SESSIONS",
    "SOCKETIO_TRANSPORTS", "SOCKETIO_ALLOWED_ORIGINS", "AIRLOCK_COMMIT", "RENDER_GIT_COMMIT",
    "AI_BASE_URL", "AI_MODEL", "AI_API_KEY", "AI_DAILY_TOKENS", "AI_TIMEOUT",
]  # fmt: skip


class WithSecret(Settings):
    """Settings with a secret, which later rooms bring."""

    token: SecretStr | None = setting("TOKEN", None, says="A secret.", accepted="'open sesame'")
    length: SecretStr = setting("LENGTH", SecretStr("x"), says="Another.", accepted="a longer text")


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def test_everything_has_a_default() -> None:
    """An empty environment is a complete one, and it runs everything in one process."""
    settings = load()
    assert settings.mode == "all"
    assert {entry["source"] for entry in settings.describe().values()} == {"default"}


@pytest.mark.parametrize(("text", "mode"), [("true", "worker"), ("False", "api"), ("", "all"), ("  ", "all")])
def test_worker_mode_chooses_what_runs(monkeypatch: pytest.MonkeyPatch, text: str, mode: str) -> None:
    """WORKER_MODE is true, false or unset, in any case; blank counts as unset."""
    monkeypatch.setenv("WORKER_MODE", text)
    assert load().mode == mode
    assert check() == f"mode {mode}"


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks, origins and transports are lists in which blanks and empty items do not count."""
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8, ::1,,::ffff:192.0.2.0/120")
    monkeypatch.setenv("SOCKETIO_ALLOWED_ORIGINS", "https://Mail.example.org/ ,http://[::1]:3000")
    monkeypatch.setenv("SOCKETIO_TRANSPORTS", "websocket")
    settings = load()
    assert settings.trusted_proxies == (
        IPv4Network("10.0.0.0/8"),
        IPv6Network("::1/128"),
        IPv4Network("192.0.2.0/24"),
    )
    assert settings.socketio_allowed_origins == ("https://mail.example.org", "http://[::1]:3000")
    assert settings.socketio_transports == ("websocket",)


def test_the_commit_comes_from_the_image_or_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """AIRLOCK_COMMIT is preferred, and an empty one leaves the word to Render's."""
    monkeypatch.setenv("RENDER_GIT_COMMIT", "feed")
    monkeypatch.setenv("AIRLOCK_COMMIT", "")
    assert load().commit == "feed"
    monkeypatch.setenv("AIRLOCK_COMMIT", "cafe")
    assert load().commit == "cafe"


def test_a_value_from_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting knows whether it was set, even to its default."""
    monkeypatch.setenv("MAX_BODY_SIZE", "1000000")
    described = load().describe()
    assert described["MAX_BODY_SIZE"]["source"] == "environment"
    assert described["DEBUG_CONFIG"] == {
        "value": False,
        "source": "default",
        "description": "Whether GET /debug-config shows these settings to the owner.",
    }


def test_every_problem_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure names each variable with its value and what is accepted, and each has a way out."""
    wrong = {
        "WORKER_MODE": "maybe",
        "DEBUG_CONFIG": "1",
        "TRUSTED_PROXIES": "10.0.0.1/8,nonsense",
        "MAX_BODY_SIZE": "many",
        "SOCKETIO_MAX_SESSIONS": "0",
        "SOCKETIO_TRANSPORTS": "polling",
        "SOCKETIO_ALLOWED_ORIGINS": "*",
        "REDIS_URL": "localhost:6379",
    }
    for variable, text in wrong.items():
        monkeypatch.setenv(variable, text)
    with pytest.raises(Failure) as raised:
        check()
    sentences = raised.value.detail.splitlines()
    assert len(sentences) == len(raised.value.resolution) == len(wrong)
    for (variable, text), sentence in zip(wrong.items(), sentences, strict=True):
        shown = REDACTED if variable == "REDIS_URL" else repr(text)
        assert sentence.startswith(f"{variable}={shown} is not usable")
        assert ": accepted is " in sentence
    assert "10.0.0.1/8 has host bits set" in sentences[2]
    assert sentences[0] == (
        "WORKER_MODE='maybe' is not usable: accepted is 'true' (worker only), 'false' (API only) or unset (both)"
    )


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret's value is redacted where settings are described."""
    monkeypatch.setenv("TOKEN", "hunter2")
    described = load(WithSecret).describe()
    assert described["TOKEN"]["value"] == described["LENGTH"]["value"] == REDACTED
    assert "hunter2" not in repr(load(WithSecret))


def test_a_wrong_secret_is_not_shown_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure for an unusable secret says what is accepted and nothing of the value."""

    class Strict(Settings):
        token: Annotated[SecretStr, Field(min_length=20)] | None = setting(
            "TOKEN", None, says="A secret.", accepted="a longer text"
        )

    monkeypatch.setenv("TOKEN", "hunter2")
    with pytest.raises(Failure) as raised:
        load(Strict)
    assert raised.value.detail == f"TOKEN={REDACTED} is not usable: accepted is a longer text"
    assert "hunter2" not in repr((raised.value, raised.value.__context__, raised.value.__cause__))


def test_a_boot_with_wrong_settings_fails_with_all_of_them_in_the_report() -> None:
    """The contract's check stops the boot before anything serves, and the report names what to mend."""
    with start(TRUSTED_PROXIES="everyone", SOCKETIO_MAX_SESSIONS="-1") as boot:
        assert boot.wait() == 1
        report = boot.output
    assert "TRUSTED_PROXIES='everyone' is not usable" in report
    assert "SOCKETIO_MAX_SESSIONS='-1' is not usable: accepted is a whole number from 1 to 100000" in report
    assert "set SOCKETIO_MAX_SESSIONS to a whole number from 1 to 100000; or unset it" in report


@given(st.text())
@pytest.mark.parametrize("parser", [values.switch, values.networks, values.origins, values.transports, RedisUrl.parse])
def test_a_parser_returns_or_raises_value_error(parser: Callable[[str], object], text: str) -> None:
    """Whatever a variable holds, its parser knows it or says that it does not."""
    try:
        parser(text)
    except ValueError:
        pass


@given(st.lists(st.ip_addresses().map(str), min_size=1))
def test_addresses_are_networks_of_one(addresses: list[str]) -> None:
    """Each address in a list becomes the network that contains it alone."""
    found = values.networks(",".join(addresses))
    assert [network.num_addresses for network in found] == [1] * len(addresses)


def test_a_model_is_set_up_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """AI_BASE_URL and AI_MODEL need each other, a key needs both, and the key is never shown."""
    assert load().ai_base_url is None
    monkeypatch.setenv("AI_API_KEY", "sk-hidden")
    with pytest.raises(
        Failure, match=r"AI_BASE_URL is missing \(AI_MODEL or AI_API_KEY is set\): accepted is"
    ) as raised:
        load()
    assert raised.value.resolution[0].endswith("; or unset what needs it")
    monkeypatch.setenv("AI_BASE_URL", "https://api.example.com/v1/")
    with pytest.raises(Failure, match=r"AI_BASE_URL=\*+ is not usable \(AI_MODEL is not set\)") as raised:
        load()
    assert "sk-hidden" not in raised.value.detail
    monkeypatch.setenv("AI_MODEL", "m")
    described = load().describe()
    assert described["AI_BASE_URL"]["value"] == "https://api.example.com/v1"
    assert described["AI_API_KEY"]["value"] == REDACTED


def test_mail_is_not_sent_to_a_model_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the Internet it is https; the reason says why, and other problems are told along with it."""
    monkeypatch.setenv("AI_MODEL", "m")
    monkeypatch.setenv("AI_BASE_URL", "http://api.example.com/v1")
    monkeypatch.setenv("AI_API_KEY", "two words")
    monkeypatch.setenv("AI_TIMEOUT", "0")
    with pytest.raises(Failure, match="unencrypted") as raised:
        load()
    assert [line.partition("=")[0] for line in raised.value.detail.splitlines()] == [
        "AI_API_KEY", "AI_BASE_URL", "AI_TIMEOUT",
    ]  # fmt: skip
    assert "two words" not in raised.value.detail
