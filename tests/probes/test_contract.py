"""contract.toml: what it may say, and what is said when it says anything else."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.contract import Contract, ContractError, Indicator, load

if TYPE_CHECKING:
    from pathlib import Path

KEYS = [
    "app",
    "python",
    "critical-imports",
    "forbidden-paths",
    "strict-origin",
    "checks",
    "lifespan",
    "request-metrics",
    "max-websocket-message",
    "application-paths",
    "indicator",
]


def problem(folder: Path, text: str | bytes) -> str:
    """The message for a contract with this text, the file's own path left out."""
    file = folder / "contract.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ContractError) as caught:
        load(file)
    return str(caught.value).replace(str(file), "FILE")


def test_a_contract_needs_no_more_than_an_application(tmp_path: Path) -> None:
    """Every other key has its default."""
    file = tmp_path / "contract.toml"
    file.write_text('app = "service.app:app"')
    assert load(file) == Contract(path=file, app="service.app:app")


def test_every_key_is_read(tmp_path: Path) -> None:
    """Names in TOML have dashes, durations may be integers, and lists lose their repetitions."""
    file = tmp_path / "contract.toml"
    file.write_text("""
        app = "service.app:factory.app"
        python = ">=3.11, <4"
        critical-imports = ["starlette", "a.b", "starlette"]
        forbidden-paths = ["src", "src.old"]
        strict-origin = true
        checks = ["service.settings:check"]
        lifespan = "off"
        request-metrics = false
        application-paths = ["/health", "/metrics"]
        [[indicator]]
        name = "redis"
        call = "service.redis:ping"
        critical = true
        every = 5
        timeout = 0.5
        [[indicator]]
        name = "mail"
        call = "service.mail:ping"
    """)
    assert load(file) == Contract(
        path=file,
        app="service.app:factory.app",
        python=">=3.11, <4",
        critical_imports=("starlette", "a.b"),
        forbidden_paths=("src", "src.old"),
        strict_origin=True,
        checks=("service.settings:check",),
        lifespan=False,
        request_metrics=False,
        application_paths=("/health", "/metrics"),
        indicators=(
            Indicator("redis", "service.redis:ping", critical=True, every=5.0, timeout=0.5),
            Indicator("mail", "service.mail:ping"),
        ),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('app = ""', "app: '' is not usable: accepted is the ASGI application as \"package.module:attribute\""),
        ("app = 5", 'app: 5 is not usable: accepted is the ASGI application as "package.module:attribute"'),
        (
            'app = "service.app"',
            "app: 'service.app' is not usable: accepted is the ASGI application as \"package.module:attribute\"",
        ),
        (
            'python = ">=three"',
            "python: '>=three' is not usable: accepted is a version specifier such as \">=3.11\"",
        ),
        ('python = ""', "python: '' is not usable: accepted is a version specifier such as \">=3.11\""),
        (
            'critical-imports = "starlette"',
            "critical-imports: 'starlette' is not usable: accepted is a list of module names such as [\"starlette\"]",
        ),
        (
            'critical-imports = ["a", "b c"]',
            "critical-imports: 'b c' is not usable: accepted is a list of module names such as [\"starlette\"]",
        ),
        (
            'forbidden-paths = ["a/src"]',
            "forbidden-paths: 'a/src' is not usable: accepted is a list of names without a slash such as [\"src\"]",
        ),
        ('strict-origin = "yes"', "strict-origin: 'yes' is not usable: accepted is true or false"),
        ("strict-origin = 1", "strict-origin: 1 is not usable: accepted is true or false"),
        (
            'checks = ["service.check"]',
            "checks: 'service.check' is not usable: accepted is a list of \"package.module:callable\"",
        ),
        ("lifespan = true", 'lifespan: true is not usable: accepted is "on" or "off"'),
        ("request-metrics = 0", "request-metrics: 0 is not usable: accepted is true or false"),
        ('lifespan = "auto"', 'lifespan: \'auto\' is not usable: accepted is "on" or "off"'),
        (
            'application-paths = ["/ready"]',
            "application-paths: '/ready' is not usable: accepted is a list of any of /health, /healthz, /metrics",
        ),
        (
            "indicator = 1",
            "indicator: 1 is not usable: accepted is one or more [[indicator]] tables",
        ),
    ],
)
def test_a_value_that_is_not_accepted_is_named_with_what_is(tmp_path: Path, line: str, message: str) -> None:
    """Each key says what it takes, and of a list the item at fault is shown."""
    app = "" if line.startswith("app =") else 'app = "service.app:app"\n'
    assert problem(tmp_path, app + line) == f"FILE: {message}"


@pytest.mark.parametrize(
    "reference", ["service.app", ":app", "service.app:", "a:b:c", ".a:b", "a..b:c", "a-b:c", "a:b-c", " a:b", "a:b()"]
)
def test_a_malformed_reference_is_refused(tmp_path: Path, reference: str) -> None:
    """Module and attribute are identifiers joined by dots, with one colon between them."""
    assert "accepted is the ASGI application" in problem(tmp_path, f"app = {json.dumps(reference)}")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("every = 0", "[[indicator]] 1: every: 0 is not usable: accepted is a number of seconds above 0"),
        ("timeout = -1.5", "[[indicator]] 1: timeout: -1.5 is not usable: accepted is a number of seconds above 0"),
        ("every = inf", "[[indicator]] 1: every: inf is not usable: accepted is a number of seconds above 0"),
        ("every = nan", "[[indicator]] 1: every: nan is not usable: accepted is a number of seconds above 0"),
        ("every = true", "[[indicator]] 1: every: true is not usable: accepted is a number of seconds above 0"),
        (
            f"every = 0x{'f' * 5000}",
            (
                "[[indicator]] 1: every: an integer of thousands of digits is not usable: "
                "accepted is a number of seconds above 0"
            ),
        ),
        ("critical = 1", "[[indicator]] 1: critical: 1 is not usable: accepted is true or false"),
    ],
)
def test_an_indicator_is_checked_as_strictly(tmp_path: Path, line: str, message: str) -> None:
    """The number of the table says where to look."""
    text = f'app = "a:b"\n[[indicator]]\nname = "redis"\ncall = "a:b"\n{line}'
    assert problem(tmp_path, text) == f"FILE: {message}"


def test_a_single_indicator_table_is_told_from_a_list_of_them(tmp_path: Path) -> None:
    """[indicator] is the mistake that TOML invites."""
    message = problem(tmp_path, 'app = "a:b"\n[indicator]\nname = "redis"')
    assert message.endswith("is not usable: accepted is one or more [[indicator]] tables")


def test_required_keys_are_missed(tmp_path: Path) -> None:
    """Without an application there is nothing to serve, without a name and a call nothing to measure."""
    assert problem(tmp_path, "[[indicator]]").splitlines() == [
        "FILE has 3 problems:",
        '1. app is missing: give the ASGI application as "package.module:attribute"',
        "2. [[indicator]] 1: name is missing: give the name that probes and metrics show",
        '3. [[indicator]] 1: call is missing: give the callable as "package.module:callable"',
    ]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("critical_imports", "'critical_imports' is not a known key: did you mean 'critical-imports'?"),
        ("forbiden-paths", "'forbiden-paths' is not a known key: did you mean 'forbidden-paths'?"),
        ("Python", "'Python' is not a known key: did you mean 'python'?"),
        ("indicators", "'indicators' is not a known key: did you mean 'indicator'?"),
        ("zzz", f"'zzz' is not a known key: accepted are {', '.join(KEYS)}"),
    ],
)
def test_an_unknown_key_gets_the_nearest_known_one(tmp_path: Path, key: str, message: str) -> None:
    """A key nobody reads would be a promise that nobody keeps."""
    assert problem(tmp_path, f'app = "a:b"\n{key} = 1') == f"FILE: {message}"


def test_an_unknown_key_of_an_indicator_gets_the_nearest_of_its_own(tmp_path: Path) -> None:
    """A key of the whole contract below [[indicator]] is told where it belongs."""
    text = 'app = "a:b"\n[[indicator]]\nname = "x"\ncall = "a:b"\ntimout = 1\nstrict-origin = true'
    assert problem(tmp_path, text).splitlines()[1:] == [
        "1. [[indicator]] 1: 'timout' is not a known key: did you mean 'timeout'?",
        "2. [[indicator]] 1: 'strict-origin' is a key of the whole contract: write it above the first [[indicator]]",
    ]


def test_two_indicators_of_one_name_are_refused(tmp_path: Path) -> None:
    """Probes and metrics tell them apart by name alone."""
    table = '[[indicator]]\nname = "redis"\ncall = "a:b"\n'
    assert problem(tmp_path, f'app = "a:b"\n{table}{table}') == (
        "FILE: [[indicator]] 2: name: 'redis' is taken by an earlier indicator: give each its own"
    )


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Numbered, in the order of the file."""
    message = problem(tmp_path, 'appp = "a:b"\nlifespan = "never"\npython = "x"')
    assert [line[:2] for line in message.splitlines()] == ["FI", "1.", "2.", "3.", "4."]


scalars = st.one_of(
    st.text(max_size=20), st.booleans(), st.integers(), st.floats(), st.sampled_from(["on", "a:b", "src", ">=3.11"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def toml(value: Any) -> str:
    """`value` as TOML writes it."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(name)} = {toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=20), values, max_size=6))
def test_whatever_the_values_the_answer_is_a_contract_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]
) -> None:
    """Every type at every key, known or not."""
    file = tmp_path_factory.getbasetemp() / "values.toml"
    file.write_text("\n".join(f"{toml(name)} = {toml(value)}" for name, value in document.items()))
    try:
        outcome = load(file).app
    except ContractError as error:
        outcome = str(error)
    assert outcome == document.get("app") or outcome.startswith(str(file))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_the_bytes_the_answer_is_a_contract_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """Nothing in a file can end the boot with a traceback."""
    file = tmp_path_factory.getbasetemp() / "bytes.toml"
    file.write_bytes(data)
    try:
        outcome = str(load(file).path)
    except ContractError as error:
        outcome = str(error)
    assert outcome.startswith(str(file))
