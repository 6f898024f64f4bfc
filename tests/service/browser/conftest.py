"""A browser, which the tests of this folder share, and pages in it that know nothing of each other.

It ends with them: while it is there, Playwright's event loop is the one of the thread that tests run in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.service.api.conftest import filled
from tests.service.browser.chromium import PATIENCE, chromium
from tests.service.browser.elsewhere import Elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext

__all__ = ["filled"]


@pytest.fixture(scope="package")
def world() -> Iterator[Elsewhere]:
    """What is behind every name for the browser; shared by these tests."""
    with Elsewhere() as listening:
        yield listening


@pytest.fixture(scope="package")
def browser(world: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser."""
    expect.set_options(timeout=PATIENCE)
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
