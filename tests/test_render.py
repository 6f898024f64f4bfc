"""The Render blueprints: only documented fields and values, and times that fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from probes.environment import Environment
from probes.gate.answers import PROBE_PATHS
from service.settings import load
from tests.boot import ROOT

BLUEPRINTS = sorted(ROOT.glob("render*.yaml"))
DEFAULT_SHUTDOWN_DELAY = 30

ROOT_FIELDS = {"services", "databases", "envVarGroups", "projects", "ungrouped", "previews"}
SERVICE_FIELDS = {
    "name", "type", "runtime", "plan", "previews", "buildCommand", "startCommand", "schedule", "preDeployCommand",
    "region", "repo", "branch", "autoDeployTrigger", "domains", "healthCheckPath", "maxShutdownDelaySeconds",
    "dockerCommand", "dockerfilePath", "dockerContext", "registryCredential", "image", "numInstances", "scaling",
    "buildFilter", "rootDir", "disk", "staticPublishPath", "headers", "routes", "envVars", "ipAllowList",
}  # fmt: skip
KEY_VALUE_FIELDS = {"name", "type", "plan", "previewPlan", "region", "ipAllowList", "maxmemoryPolicy"}
WEB_ONLY = {"healthCheckPath", "domains"}
TYPES = {"web", "pserv", "worker", "cron", "keyvalue"}
RUNTIMES = {"node", "python", "elixir", "go", "ruby", "rust", "docker", "image", "static"}
PLANS = {"starter", "standard", "pro", "pro plus", "pro max", "pro ultra"}
"""Without `free`, which has no shutdown delay."""
VARIABLE_SOURCES = {"value", "generateValue", "sync", "fromDatabase", "fromService"}
PROPERTIES = {
    "keyvalue": {"connectionString"},
    "web": {"host", "port", "hostport"},
    "pserv": {"host", "port", "hostport"},
}


@pytest.fixture(params=BLUEPRINTS, ids=lambda path: path.name)
def blueprint(request: pytest.FixtureRequest) -> Any:
    """Each blueprint in turn."""
    path: Path = request.param
    return yaml.safe_load(path.read_text())


def compute(blueprint: Any) -> list[Any]:
    """The services that run something."""
    return [service for service in blueprint["services"] if service["type"] != "keyvalue"]


def values(service: Any) -> dict[str, str]:
    """The variables that a blueprint gives a text of its own."""
    return {variable["key"]: variable["value"] for variable in service["envVars"] if "value" in variable}


def undocumented(blueprint: Any) -> list[str]:
    """What of a blueprint is in no table of https://render.com/docs/blueprint-spec."""
    problems = [f"the root has {key}" for key in blueprint.keys() - ROOT_FIELDS]
    types = {service["name"]: service["type"] for service in blueprint["services"]}
    for service in blueprint["services"]:
        name, kind = service.get("name"), service.get("type")
        fields = KEY_VALUE_FIELDS if kind == "keyvalue" else SERVICE_FIELDS - (set() if kind == "web" else WEB_ONLY)
        problems += [f"{name} has {key}" for key in service.keys() - fields]
        problems += [f"{name} is of type {kind}"] * (kind not in TYPES)
        problems += [f"{name} has plan {service['plan']}"] * (service.get("plan") not in PLANS | {None})
        if kind == "keyvalue":
            problems += [f"{name} has no ipAllowList"] * ("ipAllowList" not in service)
            continue
        problems += [f"{name} has runtime {service.get('runtime')}"] * (service.get("runtime") not in RUNTIMES)
        delay = service.get("maxShutdownDelaySeconds", DEFAULT_SHUTDOWN_DELAY)
        problems += [f"{name} waits {delay!r} s"] * (type(delay) is not int or not 1 <= delay <= 300)
        for variable in service.get("envVars", []):
            problems += [f"{name}: {problem}" for problem in undocumented_variable(variable, types)]
    return problems


def undocumented_variable(variable: Any, types: dict[str, str]) -> list[str]:
    """What of a variable is not documented; `types` are those of the services by name."""
    key = variable.get("key")
    sources = variable.keys() - {"key"}
    if len(sources) != 1 or not sources <= VARIABLE_SOURCES:
        return [f"{key} comes from {sorted(sources)}"]
    if "value" in variable:
        return [f"{key} is {variable['value']!r}, no text"] * (not isinstance(variable["value"], str))
    if "fromService" not in variable:
        return []
    source = variable["fromService"]
    if source.keys() not in ({"type", "name", "property"}, {"type", "name", "envVarKey"}):
        return [f"{key} is taken from a service by {sorted(source)}"]
    if types.get(source["name"]) != source["type"]:
        return [f"{key} is taken from {source['name']} of type {source['type']}, which is not here"]
    wanted = source.get("property")
    return [f"{key} is the {wanted} of {source['name']}"] * (
        wanted is not None and wanted not in PROPERTIES[source["type"]]
    )


def test_there_is_a_blueprint_for_one_instance_and_one_for_more() -> None:
    """Render looks for render.yaml at the root; the other one is chosen by its path."""
    assert [path.name for path in BLUEPRINTS] == ["render.scaled.yaml", "render.yaml"]


def test_a_blueprint_has_only_documented_fields_and_values(blueprint: Any) -> None:
    """Every field is in the tables of https://render.com/docs/blueprint-spec (read 2026-11-24)."""
    assert undocumented(blueprint) == []


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (["dockerCmd"], "x", "airlock has dockerCmd"),
        (["runtime"], "distroless", "airlock has runtime distroless"),
        (["plan"], "free", "airlock has plan free"),
        (["maxShutdownDelaySeconds"], 301, "airlock waits 301 s"),
        (["type"], "pserv", "airlock has healthCheckPath"),
        (["envVars", 0, "value"], 5, "airlock: DRAIN_DELAY is 5, no text"),
        (["envVars", 0, "sync"], False, "airlock: DRAIN_DELAY comes from ['sync', 'value']"),
        (["envVars", 2], {"key": "A", "fromService": {"type": "web", "name": "b", "property": "host"}},
         "airlock: A is taken from b of type web, which is not here"),
    ],
)  # fmt: skip
def test_an_undocumented_field_or_value_is_refused(path: list[str | int], value: Any, problem: str) -> None:
    """The test above fails for a typo, a plan without the delay, a number where Render wants a text."""
    blueprint = yaml.safe_load((ROOT / "render.yaml").read_text())
    place = blueprint["services"][0]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert undocumented(blueprint) == [problem]


def test_the_drain_ends_before_render_ends_it(blueprint: Any) -> None:
    """maxShutdownDelaySeconds is the whole GRACE_PERIOD, of which DRAIN_DELAY is a part, and 5 s more."""
    for service in compute(blueprint):
        environment = Environment(values(service))
        assert environment.drain_delay < environment.grace_period
        assert service["maxShutdownDelaySeconds"] == environment.grace_period + 5


def test_traffic_waits_for_readiness(blueprint: Any) -> None:
    """Each web service is asked at the one path that says no while it boots."""
    web = [service for service in blueprint["services"] if service["type"] == "web"]
    assert web
    assert {service["healthCheckPath"] for service in web} == {"/health"} < set(PROBE_PATHS)


def test_the_dockerfile_is_the_one_start(blueprint: Any) -> None:
    """Nothing overrides the image's own command, and the Dockerfile is there."""
    for service in compute(blueprint):
        assert not service.keys() & {"dockerCommand", "startCommand", "buildCommand", "preDeployCommand"}
        assert (ROOT / service["dockerfilePath"]).is_file()
        assert (ROOT / service["dockerContext"]) == ROOT


def test_the_service_takes_every_variable(blueprint: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings that a blueprint brings are known and usable."""
    known = {*load().describe(), "DRAIN_DELAY", "GRACE_PERIOD", "METRICS_TOKEN"}
    for service in compute(blueprint):
        assert {variable["key"] for variable in service["envVars"]} <= known
        with monkeypatch.context() as patch:
            for key, text in values(service).items():
                patch.setenv(key, text)
            settings = load()
            assert Environment(values(service)).mode == settings.mode
            assert service["type"] == "pserv" or settings.trusted_proxies


def test_the_scaled_blueprint_shares_its_events_and_needs_no_sticky_sessions() -> None:
    """Several instances publish through one Key Value instance that only Render's network reaches."""
    blueprint = yaml.safe_load((ROOT / "render.scaled.yaml").read_text())
    store = next(service for service in blueprint["services"] if service["type"] == "keyvalue")
    assert store["ipAllowList"] == []
    modes = {}
    for service in compute(blueprint):
        given = {variable["key"]: variable for variable in service["envVars"]}
        assert given["REDIS_URL"]["fromService"]["name"] == store["name"]
        modes[service["type"]] = Environment(values(service)).mode
    assert modes == {"web": "api", "pserv": "worker"}
    api = compute(blueprint)[0]
    assert api["numInstances"] == 2
    assert values(api)["SOCKETIO_TRANSPORTS"] == "websocket"


def test_no_service_is_in_two_blueprints() -> None:
    """Render applies whichever was synced last when two blueprints manage one service."""
    names = [service["name"] for path in BLUEPRINTS for service in yaml.safe_load(path.read_text())["services"]]
    assert len(names) == len(set(names))
