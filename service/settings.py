"""Every setting of the service, in one place; what belongs to the gate (PORT and its like) is not here.

Importing this module reads nothing: `load` reads the environment, and `check` is the contract's check of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    Secret,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

from probes import Failure
from service import values
from service.ai.url import ModelUrl
from service.mail_settings import MailSettings
from service.redis_url import RedisUrl
from service.setting import setting
from service.store.url import DatabaseUrl
from service.values import REDACTED, Unquoted

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Mode = Literal["api", "worker", "all"]


class Settings(MailSettings):
    """The settings in force. An empty or blank variable counts as unset.

    Raises pydantic's `ValidationError`; `load` turns it into a `Failure` that an operator can act on.
    """

    # Defaults are values already: the validators are for the text of variables.
    model_config = SettingsConfigDict(case_sensitive=True, env_ignore_empty=True, frozen=True, validate_default=False)

    worker_mode: Annotated[bool, BeforeValidator(values.switch)] | None = setting(
        "WORKER_MODE",
        None,
        says="What this process does: serve the API, run the worker, or both.",
        accepted="'true' (worker only), 'false' (API only) or unset (both)",
    )
    debug_config: Annotated[bool, BeforeValidator(values.switch)] = setting(
        "DEBUG_CONFIG",
        False,
        says="Whether GET /debug-config shows these settings to the owner.",
        accepted="'true' or 'false'",
    )
    trusted_proxies: Annotated[tuple[values.Network, ...], NoDecode, BeforeValidator(values.networks)] = setting(
        "TRUSTED_PROXIES",
        (),
        says="The proxies whose X-Forwarded-For, -Proto and -Host are believed; by default none.",
        accepted="IP addresses or networks, separated by commas, such as '10.0.0.0/8,::1'",
    )
    max_body_size: Annotated[int, Field(ge=1024, le=100_000_000)] = setting(
        "MAX_BODY_SIZE",
        1_000_000,
        says="The largest request body and the largest Socket.IO message, in bytes.",
        accepted="a whole number of bytes from 1024 to 100000000",
    )
    costly_requests: Annotated[int, Field(ge=20, le=1_000_000)] = setting(
        "COSTLY_REQUESTS",
        120,
        says="How many searches, documents and attachments of mail each user may ask for in a minute; a sync or a dry "
        "run of rules counts as 2 of them, applying rules as 10, an export as 20. From one address it may be four "
        "times as much.",
        accepted="a whole number from 20 to 1000000",
    )
    socketio_max_sessions: Annotated[int, Field(ge=1, le=100_000)] = setting(
        "SOCKETIO_MAX_SESSIONS",
        1000,
        says="How many Engine.IO sessions may be open at once, a tenth of them by strangers of one address; each takes "
        "about 50 KB.",
        accepted="a whole number from 1 to 100000",
    )
    socketio_transports: Annotated[tuple[str, ...], NoDecode, BeforeValidator(values.transports)] = setting(
        "SOCKETIO_TRANSPORTS",
        ("polling", "websocket"),
        says="The Socket.IO transports; polling needs sticky sessions where there are several replicas.",
        accepted="'polling,websocket' or 'websocket'",
    )
    socketio_allowed_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(values.origins)] = setting(
        "SOCKETIO_ALLOWED_ORIGINS",
        (),
        says="The web origins whose pages may connect, in place of the service's own origin.",
        accepted="origins separated by commas, such as 'https://mail.example.org,http://localhost:3000'",
    )
    redis_url: Annotated[RedisUrl, BeforeValidator(RedisUrl.parse)] | None = setting(
        "REDIS_URL",
        None,
        says="The Redis server through which replicas share live events; by default each keeps its own.",
        accepted="'redis://HOST:PORT/DATABASE', 'rediss://…' for TLS or 'unix:///PATH/OF/SOCKET', "
        "with 'USER:PASSWORD@' after the '//' where it is needed",
    )
    database_url: Annotated[DatabaseUrl, BeforeValidator(DatabaseUrl.parse)] | None = setting(
        "DATABASE_URL",
        None,
        says="The database; by default the file airlock.sqlite in DATA_DIR, for one process.",
        accepted="'postgresql://USER:PASSWORD@HOST:PORT/DATABASE', or 'sqlite:////PATH/OF/FILE'",
    )
    data_dir: Annotated[Path, BeforeValidator(values.absolute_path)] = setting(
        "DATA_DIR",
        Path("~/.local/share/airlock"),
        says="Where files are kept: the database, the key of the vault, the Maildirs that may be followed.",
        accepted="an absolute path, or one that begins with '~/'",
    )
    worker_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")] | None = setting(
        "WORKER_NAME",
        None,
        says="The name of this worker, which no other one has and which stays when it starts again; by default the "
        "name of the host.",
        accepted="1 to 100 letters, digits, dots, hyphens and underscores",
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(values.secrets)] = setting(
        "SECRET_KEYS",
        (),
        says="Secrets that encrypt stored credentials: the first encrypts, all decrypt; by default a file in DATA_DIR.",
        accepted="random texts of at least 32 characters each, separated by commas, the newest first",
    )
    access_token: Annotated[SecretStr, BeforeValidator(values.secret)] | None = setting(
        "ACCESS_TOKEN",
        None,
        says="The token that opens the API; by default one is made at the first boot and printed once.",
        accepted="a random text of at least 16 characters without blanks and commas",
    )
    ai_model: Annotated[str, BeforeValidator(values.line)] | None = setting(
        "AI_MODEL",
        None,
        says="The name of the model at AI_BASE_URL.",
        accepted="the name as the endpoint knows it, of at most 200 characters, set along with AI_BASE_URL",
    )
    ai_api_key: Annotated[SecretStr, BeforeValidator(values.key)] | None = setting(
        "AI_API_KEY",
        None,
        says="The key for AI_BASE_URL, where it wants one.",
        accepted="a text of ASCII without blanks, set along with AI_BASE_URL",
    )
    ai_base_url: Annotated[ModelUrl, BeforeValidator(ModelUrl.parse)] | None = setting(
        "AI_BASE_URL",
        None,
        says="An OpenAI-compatible API that improves summaries and drafts; by default no mail leaves the service.",
        accepted="'https://HOST/v1', or 'http://HOST/v1' in a private network, set along with AI_MODEL",
        judge_unset=True,
    )
    ai_daily_tokens: Annotated[int, Field(ge=1, le=1_000_000_000)] = setting(
        "AI_DAILY_TOKENS",
        100_000,
        says="The tokens that each user's mail may cost at AI_BASE_URL on a day (UTC).",
        accepted="a whole number from 1 to 1000000000",
    )
    ai_timeout: Annotated[float, Field(ge=1, le=300)] = setting(
        "AI_TIMEOUT",
        30.0,
        says="The seconds that AI_BASE_URL has for an answer.",
        accepted="a number from 1 to 300",
    )
    commit: str | None = setting(
        AliasChoices("AIRLOCK_COMMIT", "RENDER_GIT_COMMIT"),
        None,
        says="The commit that the running code was built from.",
        accepted="any text",
    )

    @model_validator(mode="before")
    @classmethod
    def _blank_is_unset(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {name: text.strip() for name, text in given.items() if text.strip()}

    @field_validator("ai_base_url")
    @classmethod
    def _ai_is_whole(cls, url: ModelUrl | None, others: ValidationInfo) -> ModelUrl | None:
        model, key = others.data.get("ai_model", ""), others.data.get("ai_api_key")  # "": set, and not usable
        if url is None and (model or key):
            raise Unquoted("AI_MODEL or AI_API_KEY is set")
        if url is not None and model is None:
            raise Unquoted("AI_MODEL is not set")
        return url

    @property
    def mode(self) -> Mode:
        """What WORKER_MODE chose."""
        if self.worker_mode is None:
            return "all"
        return "worker" if self.worker_mode else "api"

    @property
    def data(self) -> Path:
        """DATA_DIR as an absolute path."""
        return self.data_dir.expanduser()

    @property
    def roots(self) -> tuple[Path, ...]:
        """MAILDIR_ROOTS as absolute paths, or the directory that stands in for it."""
        return tuple(root.expanduser() for root in self.maildir_roots) or (self.data / "maildir",)

    @property
    def database(self) -> DatabaseUrl:
        """DATABASE_URL, or the file that stands in for it."""
        return self.database_url or DatabaseUrl(f"sqlite:///{self.data / 'airlock.sqlite'}")

    def describe(self) -> dict[str, dict[str, Any]]:
        """Each variable with its value (secrets redacted), where that came from, and what it means."""
        shown = self.model_dump(mode="json")
        return {
            _variable(field): {
                "value": shown[name],
                "source": "environment" if name in self.model_fields_set else "default",
                "description": field.description,
            }
            for name, field in type(self).model_fields.items()
        }


def load(kind: type[Settings] = Settings) -> Settings:
    """The settings from the environment; raises `Failure` that lists every problem at once."""
    try:
        return kind()
    except ValidationError as error:
        # Pydantic names what it was given by the variable, and a default by the field.
        fields = {key: field for name, field in kind.model_fields.items() for key in (name, _variable(field))}
        problems = [_Problem(fields[str(detail["loc"][0])], detail) for detail in error.errors()]
    # Outside of the handler, so that no traceback carries a secret's value along.
    raise Failure(
        "\n".join(problem.sentence() for problem in problems),
        *(problem.way_out() for problem in problems),
    )


def check() -> str:
    """The contract's check of the environment; raises `Failure` as `load` does."""
    return f"mode {load().mode}"


class _Problem:
    """One variable that is not usable, for an operator."""

    def __init__(self, field: FieldInfo, detail: Any) -> None:
        self._variable = _variable(field)
        secret = _is_secret(field.annotation)
        error = detail.get("ctx", {}).get("error", "")
        reason = "" if secret and not isinstance(error, values.Unquoted) else str(error)
        self._missing = detail["input"] in (None, "")
        self._value = REDACTED if secret else repr(detail["input"])
        self._reason = f" ({reason})" if reason else ""
        extra = field.json_schema_extra
        self._accepted = extra["accepted"] if isinstance(extra, dict) else ""

    def sentence(self) -> str:
        if self._missing:
            return f"{self._variable} is missing{self._reason}: accepted is {self._accepted}"
        return f"{self._variable}={self._value} is not usable{self._reason}: accepted is {self._accepted}"

    def way_out(self) -> str:
        if self._missing:
            return f"set {self._variable} to {self._accepted}; or unset what needs it"
        return f"set {self._variable} to {self._accepted}; or unset it to have the default"


def _variable(field: FieldInfo) -> str:
    alias = field.validation_alias
    return str(alias.choices[0] if isinstance(alias, AliasChoices) else alias)


def _is_secret(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Secret | SecretStr):
        return True
    return any(_is_secret(part) for part in get_args(annotation))
