"""A real OpenID provider as a process, and a browser that signs in with it."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx2

from tests.boot import PATIENCE
from tests.service.process import free_port

if TYPE_CHECKING:
    from tests.boot import Boot

ANN = "ann@example.org"
BOB = "bob@example.org"


class MockProvider:
    """oidc-provider-mock, which takes anybody's word for who they are; a context manager."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(self.port)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert self._process.stderr is not None
        self._log = ""
        while "running on" not in self._log:
            line = self._process.stderr.readline()
            assert line, self._log
            self._log += line
        for name in (ANN, BOB):
            self.knows(name, email=name, email_verified=True, name=name.partition("@")[0].title())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate(timeout=PATIENCE)

    def knows(self, subject: str, **claims: Any) -> None:
        """Have somebody there."""
        httpx2.put(f"{self.url}/users/{subject}", json=claims).raise_for_status()


def signs_in(provider: str, port: int, **more: str) -> dict[str, str]:
    """The variables of a service, reached at localhost, where people sign in with a provider."""
    return {
        "PORT": str(port),
        "BASE_URL": f"http://localhost:{port}",
        "OIDC_ISSUER": provider,
        "OIDC_CLIENT_ID": "airlock",
        "OIDC_CLIENT_SECRET": "secret-of-the-client",
        "ALLOWED_USERS": ANN,
        "ALLOWED_DOMAINS": "example.org",
        "TRUSTED_PROXIES": "127.0.0.1,::1",
        "WORKER_MODE": "false",
        **more,
    }


class Browser:
    """One browser: its cookies, and requests as pages of the service send them; a context manager.

    Each has an address of its own, which the service learns from a proxy that it trusts.
    """

    _numbers = itertools.count(1)

    def __init__(self, boot: Boot) -> None:
        self.origin = f"http://localhost:{boot.port}"
        number = next(self._numbers)
        headers = {"X-Forwarded-For": f"198.51.{number // 256}.{number % 256}"}
        self.http = httpx2.Client(base_url=self.origin, timeout=PATIENCE, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def leave(self, path: str = "/auth/oidc") -> str:
        """Begin to sign in; the URL at the provider to which the browser is sent."""
        response = self.http.get(path)
        assert response.status_code == 303, response.text
        return str(response.headers["location"])

    def agree(self, url: str, who: str = "") -> str:
        """Be `who` at the provider, or somebody new; the URL to which it sends the browser back."""
        if not who:
            # As one person's attempts are limited, each browser is somebody else's.
            who = f"person-{next(self._numbers)}@example.org"
            claims = {"email": who, "email_verified": True}
            httpx2.put(httpx2.URL(url).join(f"/users/{who}"), json=claims).raise_for_status()
        response = httpx2.post(url, data={"sub": who})
        assert response.status_code == 302, response.text
        return str(response.headers["location"])

    def sign_in(self, who: str = "", path: str = "/auth/oidc") -> httpx2.Response:
        """The whole dance; the service's answer when the browser is back."""
        return self.http.get(self.agree(self.leave(path), who))

    def check(self) -> dict[str, Any]:
        """What /auth/check says."""
        told: dict[str, Any] = self.http.get("/auth/check").raise_for_status().json()
        return told

    def send(self, method: str, path: str, **request: Any) -> httpx2.Response:
        """A request as a page of the service sends it."""
        own = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": self.check()["csrf_token"]}
        return self.http.request(method, path, headers={**own, **request.pop("headers", {})}, **request)

    @property
    def session(self) -> str:
        """The secret in the cookie of the session."""
        return self.http.cookies.get("airlock-session") or ""


def query(url: str) -> dict[str, str]:
    """The query of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def cookie(response: httpx2.Response, name: str) -> dict[str, str]:
    """The attributes of a cookie that a response sets, by their names in lower case."""
    [line] = [line for line in response.headers.get_list("set-cookie") if line.startswith(f"{name}=")]
    parts = [part.partition("=") for part in re.split(r"; *", line)]
    return {key.lower(): value for key, _, value in parts[1:]}
