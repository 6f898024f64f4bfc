"""An application of somebody else's, put on top of the image with a Dockerfile of a few lines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from probes.testing import AirlockContainer
from tests.image.build import attempt, build

SHOP = Path(__file__).parent / "apps" / "shop"


@pytest.fixture(scope="module")
def shop_image(image: str, build_image: str) -> str:
    """The shop, an application with FastAPI, on top of the image under test."""
    assert build_image == f"{image}-build"
    return build("airlock:test-shop", "--build-arg", f"AIRLOCK={image}", file=SHOP / "Dockerfile", context=SHOP)


@pytest.fixture(scope="module")
def shop(shop_image: str) -> Iterator[httpx.Client]:
    """A client of the running shop."""
    container = AirlockContainer(shop_image, read_only=True, cap_drop=["ALL"]).with_tmpfs_mount("/tmp")
    with container as running, httpx.Client(base_url=running.url) as client:
        yield client


def test_it_is_served_behind_the_gate(shop: httpx.Client) -> None:
    """The application answers its own paths, with its own lifespan; the gate answers the probes."""
    assert shop.get("/prices/apple").json() == {"apple": 30, "currency": "EUR"}
    assert shop.get("/health").json() == {"status": "ok"}
    checks = {check["name"] for check in shop.get("/health?verbose").json()["checks"]}
    assert {"import fastapi", "check shop:prices_are_there", "app shop:app"} <= checks


def test_its_requests_are_counted_by_route(shop: httpx.Client) -> None:
    """No line of the application's own is needed for request metrics."""
    assert shop.get("/prices/pear").status_code == 404
    assert 'route="/prices/{fruit}"' in shop.get("/metrics").text


def test_its_broken_contract_cannot_be_built(image: str, shop_image: str, tmp_path: Path) -> None:
    """The same check that a boot makes ends the build, with its report."""
    folder = shutil.copytree(SHOP, tmp_path / "shop")
    module = folder / "shop/__init__.py"
    module.write_text(module.read_text().replace('prices["apple"] = 30', ""))
    built = attempt(
        "airlock:test-shop-broken", "--build-arg", f"AIRLOCK={image}", file=folder / "Dockerfile", context=folder
    )
    assert built.returncode != 0
    assert "check shop:prices_are_there" in built.stdout
    assert "no prices were loaded" in built.stdout


def test_a_requirement_against_the_images_versions_cannot_be_built(
    image: str, build_image: str, tmp_path: Path
) -> None:
    """What the image has stays as it is: pip says which requirement it cannot meet."""
    folder = shutil.copytree(SHOP, tmp_path / "shop")
    project = folder / "pyproject.toml"
    project.write_text(project.read_text().replace('"fastapi"', '"fastapi", "starlette<1"'))
    built = attempt(
        "airlock:test-shop-conflict", "--build-arg", f"AIRLOCK={image}", file=folder / "Dockerfile", context=folder
    )
    assert built.returncode != 0
    assert "The user requested (constraint) starlette==" in built.stdout
    assert "pip could not install this, see above" in built.stdout


def test_a_part_of_the_standard_library_that_is_missing_is_named_and_can_be_brought(
    image: str, build_image: str, tmp_path: Path
) -> None:
    """The image has no xz: the contract says what is missing, and the stage `build` has it."""
    contract = 'app = "service.app:app"\nlifespan = "off"\ncritical-imports = ["lzma"]\n'
    (tmp_path / "contract.toml").write_text(contract)
    bring = (
        f"COPY --from={build_image} /usr/lib/*-linux-gnu/liblzma.so.5 /usr/lib/\n"
        f"COPY --from={build_image} /usr/lib/python3.13/lib-dynload/_lzma* /usr/lib/python3.13/lib-dynload/\n"
    )
    check = 'COPY contract.toml /\nRUN ["python", "-m", "probes", "check", "--contract", "/contract.toml"]\n'
    (tmp_path / "without").write_text(f"FROM {image}\n{check}")
    (tmp_path / "with").write_text(f"FROM {image}\n{bring}{check}")
    refused = attempt("airlock:test-lzma", file=tmp_path / "without", context=tmp_path)
    assert refused.returncode != 0
    assert "_lzma" in refused.stdout
    build("airlock:test-lzma", file=tmp_path / "with", context=tmp_path)
