"""A real Dovecot in a container, which tests start, kill, freeze and start again on the same port."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import threading
import uuid
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

import pytest
from imapclient import IMAPClient

from tests.service.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

IMAGE = os.environ.get("DOVECOT_IMAGE", "dovecot:2.4")
PASSWORD = "secret"
_USERS = itertools.count()
CONFIG = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
log_path = /dev/stderr
protocols = imap lmtp
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~/Maildir
mail_home = /srv/mail/%{user}
mail_uid = vmail
mail_gid = vmail
mail_fsync = never
first_valid_uid = 1
mail_max_userip_connections = 100
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
namespace inbox {
  inbox = yes
  mailbox Drafts {
    special_use = \\Drafts
  }
  mailbox Junk {
    special_use = \\Junk
  }
  mailbox Sent {
    special_use = \\Sent
  }
  mailbox Trash {
    special_use = \\Trash
  }
}
passdb static {
  password = secret
}
userdb static {
}
service imap-login {
  inet_listener imap {
    port = 143
  }
  inet_listener imaps {
    port = 993
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    port = 24
  }
}
"""


class DovecotServer:
    """A server on `port` of this machine, where every user has the password `PASSWORD`, with mail that outlives a kill.

    It punishes nobody for a wrong password by pauses, so that whoever tries again and again is seen.
    `without` are capabilities that it does not announce; `tls` is a directory with `cert.pem` and `key.pem`, with
    which it speaks STARTTLS on `port` and TLS on `tls_port`. Mail servers hand it mail on `lmtp_port`. As a context
    manager it is removed at the end.
    """

    def __init__(self, *, without: Iterable[str] = (), tls: Path | None = None) -> None:
        self.port = free_port()
        self.tls_port = free_port()
        self.lmtp_port = free_port()
        self._name = f"airlock-test-{uuid.uuid4().hex}"
        self._config = CONFIG + "".join(f"imap_capability/{name} = no\n" for name in without)
        self._config += "ssl = no\n"
        if tls:
            self._config += (
                "ssl = yes\nssl_server_cert_file = /airlock/cert.pem\nssl_server_key_file = /airlock/key.pem\n"
            )
        self._tls = tls
        self._attached: subprocess.Popen[str] | None = None
        self._drain: threading.Thread | None = None

    def __enter__(self) -> Self:
        with TemporaryDirectory() as made:
            for file in self._tls.glob("*.pem") if self._tls else ():
                (Path(made) / file.name).write_bytes(file.read_bytes())
            (Path(made) / "dovecot.conf").write_text(self._config)
            published = {self.port: 143, self.tls_port: 993, self.lmtp_port: 24}
            ports = [f"-p=127.0.0.1:{ours}:{its}" for ours, its in published.items()]
            start = ["--user=0", "--entrypoint=dovecot", IMAGE, "-F", "-c", "/airlock/dovecot.conf"]
            _docker("create", f"--name={self._name}", *ports, *start)
            _docker("cp", f"{made}/.", f"{self._name}:/airlock")
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        _docker("rm", "--force", "--volumes", self._name)
        self._wait()

    def start(self) -> None:
        """Returns when it accepts connections."""
        command = ["docker", "start", "--attach", self._name]
        self._attached = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        log = self._attached.stdout
        assert log is not None
        lines = []
        for line in log:
            lines.append(line)
            if "starting up" in line:
                self._drain = threading.Thread(target=log.read)
                self._drain.start()
                return
        raise AssertionError(f"Dovecot has not started:\n{''.join(lines)}")

    def kill(self) -> None:
        """SIGKILL; returns when it is gone. Its mail stays."""
        _docker("kill", self._name)
        self._wait()

    def freeze(self) -> None:
        """Have it accept connections, as the kernel does for it, and answer nothing."""
        _docker("pause", self._name)

    def thaw(self) -> None:
        """Have it go on after `freeze`."""
        _docker("unpause", self._name)

    @contextmanager
    def client(self, user: str, folder: str = "INBOX") -> Iterator[IMAPClient]:
        """A mail program of the user, with the folder open."""
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=30) as client:
            client.login(user, PASSWORD)
            client.select_folder(folder)
            yield client

    def append(self, user: str, *messages: bytes, folder: str = "INBOX") -> None:
        """Deliver messages, unread, in their order."""
        with self.client(user) as client:
            client.multiappend(folder, messages)

    def doveadm(self, *arguments: str) -> None:
        """Have its administrator do something."""
        _docker("exec", self._name, "doveadm", "-c", "/airlock/dovecot.conf", *arguments)

    def refusals(self, user: str) -> int:
        """How many logins of a user it has refused since it was made."""
        told = subprocess.run(["docker", "logs", self._name], capture_output=True, text=True, check=True)
        found = re.findall(rf"auth failed, (\d+) attempts.* user=<{user}>", told.stdout + told.stderr)
        return sum(map(int, found))

    def _wait(self) -> None:
        if self._attached is not None:
            self._attached.wait()
            if self._drain is not None:
                self._drain.join()
            if self._attached.stdout is not None:
                self._attached.stdout.close()
            self._attached = self._drain = None


def _docker(*arguments: str) -> None:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def dovecot() -> Iterator[DovecotServer]:
    """A server with all that Dovecot has, for all the tests of a run: each test has a user of its own."""
    with DovecotServer() as server:
        yield server


@pytest.fixture
def user() -> str:
    """Whose mailbox nobody else uses."""
    return f"user{next(_USERS)}"
