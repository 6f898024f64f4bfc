"""Real databases for tests, with the service's schema: a file of SQLite, and PostgreSQL in a container."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

import psycopg
import pytest

from service.store import schema
from service.store.database import Database
from service.store.url import DatabaseUrl
from tests.service.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMAGE = "postgres:17"
_PASSWORD = "for-tests"
KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.docker)]
"""Parameters of what runs on both."""


class PostgreSQL:
    """A server in a container, at `port` of this machine, with as many databases as are asked for.

    One that is `lasting` can be killed and started again, and has then what was committed. In a Docker `network` it is
    called `postgresql`, too.
    """

    def __init__(self, *, lasting: bool = False, network: str = "") -> None:
        self._lasting = lasting
        self._network = network
        self.port = free_port()
        self._name = f"airlock-test-{uuid.uuid4().hex}"
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        options = ["--detach", "--name", self._name, "--publish", f"127.0.0.1:{self.port}:5432"]
        options += ["--env", f"POSTGRES_PASSWORD={_PASSWORD}"]
        options += ["--network", self._network, "--network-alias", "postgresql"] if self._network else []
        # In memory where nothing has to outlive the container, and never synced to a disk.
        options += [] if self._lasting else ["--rm", "--shm-size", "1g", "--env", "PGDATA=/dev/shm/data"]
        server = ["postgres", "-c", "fsync=off", "-c", "max_connections=200"]
        subprocess.run(["docker", "run", *options, IMAGE, *server], check=True, capture_output=True)
        try:
            self._wait_ready()
        except subprocess.SubprocessError:
            self.__exit__()
            raise
        return self

    def kill(self) -> None:
        """SIGKILL to all of it."""
        subprocess.run(["docker", "kill", self._name], check=True, capture_output=True)

    def start(self) -> None:
        """Start it again; returns when it answers."""
        subprocess.run(["docker", "start", self._name], check=True, capture_output=True)
        self._wait_ready()

    def __exit__(self, *_: object) -> None:
        subprocess.run(["docker", "rm", "--force", "--volumes", self._name], check=True, capture_output=True)

    def _wait_ready(self) -> None:
        # The image's first server, which prepares the folder, listens on no address.
        self.run("until pg_isready -q -h 127.0.0.1; do sleep 0.1; done")

    def run(self, command: str) -> None:
        """Have the shell do something in the container, as the server's user."""
        run = ["docker", "exec", "--user", "postgres", self._name, "sh", "-c", command]
        subprocess.run(run, check=True, capture_output=True, timeout=60)

    def create(self, template: str = "template0", tablespace: str = "pg_default") -> str:
        """The name of a new database that is as `template` is."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres").get_secret_value(), autocommit=True) as connection:
            options = f"TEMPLATE {template} TABLESPACE {tablespace} ENCODING 'UTF8' LOCALE 'C.UTF-8'"
            connection.execute(f"CREATE DATABASE {name} {options}".encode())
        return name

    @contextmanager
    def lent(self, template: str = "template0") -> Iterator[DatabaseUrl]:
        """A new database for as long as it is needed: all of them are in memory."""
        name = self.create(template)
        try:
            yield self.url(name)
        finally:
            with psycopg.connect(self.url("postgres").get_secret_value(), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def url(self, name: str) -> DatabaseUrl:
        """Where a database is."""
        return DatabaseUrl(f"postgresql://postgres:{_PASSWORD}@127.0.0.1:{self.port}/{name}")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server for all the tests of a run."""
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite that has the schema."""
    file = tmp_path_factory.mktemp("migrated") / "airlock.sqlite"
    _migrate(DatabaseUrl(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def migrated_name(postgresql: PostgreSQL) -> str:
    """The name of a database of PostgreSQL that has the schema."""
    name = postgresql.create()
    _migrate(postgresql.url(name))
    return name


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseUrl]:
    """The address of a database of each kind that has nothing in it, not even the schema."""
    if request.param == "sqlite":
        yield DatabaseUrl(f"sqlite:///{tmp_path / 'airlock.sqlite'}")
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with server.lent() as url:
        yield url


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseUrl]:
    """The address of a database of each kind that has the schema and no rows."""
    if request.param == "sqlite":
        file = tmp_path / "airlock.sqlite"
        shutil.copy(request.getfixturevalue("migrated_file"), file)
        yield DatabaseUrl(f"sqlite:///{file}")
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    with server.lent(request.getfixturevalue("migrated_name")) as url:
        yield url


@pytest.fixture
def database(database_url: DatabaseUrl) -> Iterator[Database]:
    """A database of each kind that has the schema and no rows, open."""
    opened = Database(database_url)
    yield opened
    opened.close()


def _migrate(url: DatabaseUrl) -> None:
    opened = Database(url)
    schema.migrate(opened)
    opened.close()
