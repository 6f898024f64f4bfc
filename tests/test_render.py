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
DATABASE_FIELDS = {
    "name", "plan", "previewPlan", "databaseName", "user", "region", "postgresMajorVersion", "ipAllowList",
    "diskSizeGB", "previewDiskSizeGB", "storageAutoscalingEnabled", "readReplicas", "highAvailability",
}  # fmt: skip
DISK_FIELDS = {"name", "mountPath", "sizeGB"}
DATABASE_PLANS = {"basic-256mb", "basic-1gb", "basic-4gb", "pro-4gb", "pro-8gb", "pro-16gb"}
"""Those that a small service may choose; without `free`, which ends after a month."""
WEB_ONLY = {"healthCheckPath", "domains"}
TYPES = {"web", "pserv", "worker", "cron", "keyvalue"}
RUNTIMES = {"node", "python", "elixir", "go", "ruby", "rust", "docker", "image", "static"}
PLANS = {"starter", "standard", "pro", "pro plus", "pro max", "pro ultra"}
"""Without `free`, which has no shutdown delay."""
VARIABLE_SOURCES = {"value", "generateValue", "sync", "fromDatabase", "fromService"}
PROPERTIES = {
    "keyvalue": {"connectionString"},
    "database": {"connectionString", "host", "port", "user", "password", "database"},
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
    for database in blueprint.get("databases", []):
        types[database["name"]] = "database"
        problems += [f"{database['name']} has {key}" for key in database.keys() - DATABASE_FIELDS]
        problems += [f"{database['name']} has plan {database['plan']}"] * (database.get("plan") not in DATABASE_PLANS)
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
        problems += [
            f"{name}'s disk has {key}" for key in service.get("disk", {}).keys() ^ DISK_FIELDS if "disk" in service
        ]
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
    if "fromDatabase" in variable:
        source = variable["fromDatabase"]
        known = types.get(source.get("name")) == "database" and source.get("property") in PROPERTIES["database"]
        return [] if known and source.keys() == {"name", "property"} else [f"{key} is of no database here"]
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
        (["disk", "size"], 1, "airlock's disk has size"),
        (["envVars", 2, "value"], 5, "airlock: DRAIN_DELAY is 5, no text"),
        (["envVars", 2, "sync"], False, "airlock: DRAIN_DELAY comes from ['sync', 'value']"),
        (["envVars", 2], {"key": "A", "fromDatabase": {"name": "b", "property": "connectionString"}},
         "airlock: A is of no database here"),
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
        assert given["DATABASE_URL"]["fromDatabase"]["name"] == blueprint["databases"][0]["name"]
        assert given["SECRET_KEYS"].keys() & {"generateValue", "fromService"}
        modes[service["type"]] = Environment(values(service)).mode
    assert blueprint["databases"][0]["ipAllowList"] == []
    assert modes == {"web": "api", "pserv": "worker"}
    api = compute(blueprint)[0]
    assert api["numInstances"] == 2
    assert values(api)["SOCKETIO_TRANSPORTS"] == "websocket"


def test_the_one_instance_keeps_its_data_on_a_disk() -> None:
    """The database and the key of the vault are where the disk is mounted."""
    (service,) = compute(yaml.safe_load((ROOT / "render.yaml").read_text()))
    assert service["disk"]["mountPath"] == values(service)["DATA_DIR"]


def test_no_service_is_in_two_blueprints() -> None:
    """Render applies whichever was synced last when two blueprints manage one service."""
    names = [service["name"] for path in BLUEPRINTS for service in yaml.safe_load(path.read_text())["services"]]
    assert len(names) == len(set(names))
