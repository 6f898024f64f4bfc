"""A person comes to the page, and signs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.provider import ANN

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page


def sign_in(context: BrowserContext, port: int) -> Page:
    """The page of the service at a port of localhost, on its way back from the provider, at which Ann has signed in."""
    page = context.new_page()
    page.goto(f"http://localhost:{port}/mail")
    page.get_by_role("link", name="Sign in with oidc").click()
    page.locator("input[name=sub]").fill(ANN)
    page.keyboard.press("Enter")
    return page
