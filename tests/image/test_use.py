"""What the service does with its libraries, done in the image: each works there, pruned and stripped as it is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from tests.image.containers import Container
from tests.image.running import python

USES = {
    "encrypting": """
        from service.store.vault import Vault
        vault = Vault(["x" * 32, "y" * 32])
        assert vault.unlock(Vault(["y" * 32]).lock("open sesame")) == "open sesame"
        """,
    "sanitising HTML": """
        import nh3
        assert nh3.clean("<b onclick='x()'>hi</b><script>x()</script>") == "<b>hi</b>"
        """,
    "reading what IMAP servers say": """
        from imapclient import IMAPClient, response_parser
        assert response_parser.parse_response([b"(1 2) NIL"]) == ((1, 2), None)
        """,
    "watching a folder": """
        import pathlib, watchfiles
        watch = watchfiles.watch("/tmp", rust_timeout=10, yield_on_timeout=True)
        assert next(watch) == set()
        pathlib.Path("/tmp/new").touch()
        assert {path for _, path in next(changes for changes in watch if changes)} == {"/tmp/new"}
        """,
    "asking over HTTP": """
        import httpx2
        transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json={"asked": str(request.url)}))
        with httpx2.Client(transport=transport) as client:
            assert client.get("https://model.example/v1").json() == {"asked": "https://model.example/v1"}
        """,
    "the characters of mail": """
        for text, *charsets in (
            ("日本", "iso-2022-jp", "euc-jp", "shift_jis"), ("中文", "gb18030", "gb2312", "big5", "hz"),
            ("한국", "euc-kr", "iso-2022-kr"), ("мир", "koi8-r", "windows-1251", "iso-8859-5", "cp866"),
            ("é", "latin-1", "windows-1252", "iso-8859-15", "macintosh", "cp437", "cp850"), ("ש", "windows-1255"),
        ):
            for charset in charsets:
                assert text.encode(charset).decode(charset) == text, charset
        """,
}
WORK = """
from dbos import DBOSClient
from service.settings import load
from service.store.opened import open_store
from service.store.queue import Queue
from service.store.tables import User
from sqlalchemy import select

database = open_store(load()).database
with database.write() as session:
    Queue(database).apply_rules(session, session.scalars(select(User.id)).one())
client = DBOSClient(system_database_engine=database.engine)
(enqueued,) = client.list_workflows(name="apply-rules")
client.retrieve_workflow(enqueued.workflow_id).get_result(polling_interval_sec=0.1)
print(database.engine.dialect.name, database.engine.dialect.driver, client.list_workflows()[0].status)
"""


@pytest.fixture
def network() -> Iterator[Network]:
    """A network in which names lead to containers."""
    with Network() as network:
        yield network


@pytest.mark.parametrize("use", USES)
def test_it_serves_for(use: str, image: str) -> None:
    """As the image's user, with a read-only root."""
    python(image, textwrap.dedent(USES[use]), "--read-only", "--tmpfs=/tmp")


def test_work_is_done_on_sqlite(image: str) -> None:
    """The schema is there, and what is enqueued in a transaction is done by the worker in the container."""
    with Container(image) as container:
        assert container.ready().python(WORK) == "sqlite pysqlite SUCCESS\n"


def test_work_is_done_on_postgresql(image: str, network: Network) -> None:
    """The boot waits for the server, brings its schema up to date, and nothing is kept in the container."""
    env = {"DATABASE_URL": "postgresql://postgres:word@postgres/postgres", "SECRET_KEYS": "x" * 32}
    server = DockerContainer("postgres:17", network=network, network_aliases=["postgres"]).with_env(
        "POSTGRES_PASSWORD", "word"
    )
    with server, Container(image, env=env, mounts=[]).with_network(network) as container:
        assert container.ready().python(WORK) == "postgresql psycopg SUCCESS\n"
