"""The site: its cookies, and the requests that its own pages send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.responses import Response

from service.access.site import CSRF, Cookie, Forged, Site, csrf_token

SECRET = "the-secret-of-a-session"
HERE = Site("https://mail.example.org")
GOOD = {"Origin": HERE.origin, "Sec-Fetch-Site": "same-origin", CSRF: csrf_token(SECRET)}


def test_a_cookie_is_for_this_host_alone() -> None:
    """Over TLS it has the prefix for which browsers want Secure, the path / and no domain; no script reads it."""
    response = Response()
    HERE.give(response, "session", SECRET, 60)
    assert response.headers["set-cookie"] == (
        f"__Host-airlock-session={SECRET}; HttpOnly; Max-Age=60; Path=/; SameSite=lax; Secure"
    )
    assert HERE.read(f"a=b; __Host-airlock-session={SECRET}", "session") == SECRET
    assert HERE.read(f"airlock-session={SECRET}", "session") == ""


def test_a_developers_machine_has_no_tls() -> None:
    """There the cookie has no prefix and is not Secure, and all else is the same."""
    response = Response()
    Site("http://localhost:8000").give(response, "session", SECRET, 60)
    assert response.headers["set-cookie"] == f"airlock-session={SECRET}; HttpOnly; Max-Age=60; Path=/; SameSite=lax"


AROUND = st.text(st.sampled_from("\x1c\x85\xa0\u1680\u2000\u2028\u3000\ufeff \t\"'"), max_size=3)
"""What is blank to Python and others; to a browser all but space and tab is part of a cookie's name."""


@given(AROUND, AROUND, st.sampled_from(["session", "sign-in"]))
def test_a_name_is_one_to_the_service_that_is_one_to_the_browser(before: str, after: str, cookie: Cookie) -> None:
    """Another host of the domain may set a cookie whose name only looks like the prefix; of two alike none counts."""
    own, planted = f"{HERE.name(cookie)}={SECRET}", f"{before}{HERE.name(cookie)}{after}=planted"
    alike = (before + after).strip(" \t") == ""
    assert HERE.read(f"a=b;{planted}; c", cookie) == ("planted" if alike else "")
    for header in (f"{planted}; {own}", f"{own}; {planted}"):
        assert HERE.read(header, cookie) == ("" if alike else SECRET)


@pytest.mark.parametrize("header", ["", "=", ";", "__Host-airlock-session", "__Host-airlock-session=", "a=b"])
def test_a_cookie_that_is_not_there_says_nothing(header: str) -> None:
    """Nor does a name alone."""
    assert HERE.read(header, "session") == ""


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_changes_nothing_needs_no_token(method: str) -> None:
    """Safe methods pass without any header, and from pages of the site, the address bar and bookmarks."""
    for headers in ({}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        HERE.check(method, "/api/export/mbox", Headers(headers), SECRET)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "invented"])
def test_links_of_other_sites_lead_to_signing_in_alone(site: str) -> None:
    """Lax cookies go along with a link, and what is behind it may load pictures, or cost much."""
    headers = Headers({"Sec-Fetch-Site": site})
    HERE.check("GET", "/auth/callback/gmail", headers, SECRET)
    for path in ("/api/messages/1/html", "/api/export/mbox", "/debug-config", "/authentic", "/"):
        with pytest.raises(Forged, match="another site"):
            HERE.check("GET", path, headers, SECRET)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "post", "INVENTED"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {CSRF: csrf_token(SECRET)},
        {**GOOD, CSRF: ""},
        {**GOOD, CSRF: csrf_token("the-secret-of-another-session")},
        {**GOOD, CSRF: "ü"},
        {**GOOD, "Origin": "https://evil.example"},
        {**GOOD, "Origin": "https://mail.example.org.evil.example"},
        {**GOOD, "Origin": "http://mail.example.org"},
        {**GOOD, "Origin": "null"},
        {**GOOD, "Sec-Fetch-Site": "cross-site"},
        {**GOOD, "Sec-Fetch-Site": "same-site"},
        {**GOOD, "Sec-Fetch-Site": "none"},
    ],
)
def test_whatever_another_site_can_send_is_refused(method: str, headers: dict[str, str]) -> None:
    """The token has to be the session's, and the browser has to say that its own page sent it."""
    with pytest.raises(Forged):
        HERE.check(method, "/auth/logout", Headers(headers), SECRET)


@pytest.mark.parametrize("without", ["", "Origin", "Sec-Fetch-Site"])
def test_its_own_pages_are_believed(without: str) -> None:
    """By one of the two headers that browsers set themselves, as not all of them send both."""
    sent = Headers({name: value for name, value in GOOD.items() if name != without})
    HERE.check("POST", "/api/pause", sent, SECRET)


@given(st.text(), st.text())
def test_no_other_secret_has_the_same_token(one: str, other: str) -> None:
    """The token is the session's own."""
    assert (csrf_token(one) == csrf_token(other)) == (one == other)
