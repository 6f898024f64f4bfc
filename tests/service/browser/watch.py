"""A watch over pages: what ran in them, and what they asked of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Dialog, Page, Request

    from tests.service.browser.elsewhere import Elsewhere


class Watch:
    """Watches a page whose scripts, in any of its frames, call `xss` when they run; no policy keeps them from that."""

    def __init__(self, context: BrowserContext, elsewhere: Elsewhere) -> None:
        self.ran: list[str] = []
        self.elsewhere = elsewhere
        context.expose_binding("xss", self._noted)
        context.on("dialog", self._dismissed)
        self._context = context
        self._page = context.new_page()

    def visit(self, url: str) -> Page:
        """Open a page instead of the one before; it is loaded with its frames and pictures, or they have failed."""
        try:
            self._page.goto(url)
        except Error:  # one page is on its way elsewhere, the one before or this one
            # It ends with its context: Chromium may forget to close a page that is on its way (crbug.com/536385539).
            self._page = self._context.new_page()
            self._page.goto(url, wait_until="commit")
        return self._page

    def _noted(self, _: Any, number: Any = None) -> None:
        self.ran.append(str(number))

    def _dismissed(self, dialog: Dialog) -> None:
        self.ran.append(dialog.message)
        dialog.dismiss()


class Asked:
    """What the pages of a context ask of other sites: `kinds` has each method and kind once, such as "GET image"."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.kinds: set[str] = set()
        self._site = site
        context.on("requestfailed", self._noted)
        context.on("requestfinished", self._noted)

    def _noted(self, request: Request) -> None:
        left = request.failure is None or request.failure.startswith("net::")  # or the browser has not asked anybody
        if left and not request.url.startswith((self._site, "data:")):
            self.kinds.add(f"{request.method} {request.resource_type}")
