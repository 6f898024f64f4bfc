"""A browser, which all tests share, and pages in it that know nothing of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.service.browser.chromium import PATIENCE, chromium
from tests.service.browser.elsewhere import Elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext


@pytest.fixture(scope="session")
def world() -> Iterator[Elsewhere]:
    """What is behind every name for the browser; shared by all tests."""
    with Elsewhere() as listening:
        yield listening


@pytest.fixture(scope="session")
def browser(world: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser."""
    with chromium(tmp_path_factory.mktemp("browser"), world.port) as running:
        yield running


@pytest.fixture
def elsewhere(world: Elsewhere) -> Elsewhere:
    """What this test's pages ask of others."""
    world.heard.clear()
    return world


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser window without cookies."""
    with browser.new_context() as fresh:
        fresh.set_default_timeout(PATIENCE)
        yield fresh
