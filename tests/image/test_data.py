"""What the service keeps: in the container, in a volume, as any user; and folders that cannot keep it."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.image.containers import DATA, Container
from tests.image.test_faults import fails

WRITABLE_ROOT: dict[str, Any] = {"read_only": False, "mounts": []}
KEPT = """
import os, sqlite3, stat
os.chdir(os.environ["DATA_DIR"])
print(open("secret.key").read(), stat.filemode(os.stat("secret.key").st_mode))
print(*sqlite3.connect("airlock.sqlite").execute("SELECT version_num FROM alembic_version").fetchone())
"""
LOCK = """
from service.settings import load
from service.store.opened import open_store
print(open_store(load()).vault.lock("open sesame").decode())
"""
UNLOCK = """
import sys
from service.settings import load
from service.store.opened import open_store
print(open_store(load()).vault.unlock(sys.argv[1].encode()))
"""
BACKUP = """
import sqlite3, subprocess, sys
subprocess.run([sys.executable, "-m", "service", "backup", "/tmp/copy"], check=True, stdout=subprocess.DEVNULL)
print(*sqlite3.connect("/tmp/copy").execute("SELECT version_num FROM alembic_version").fetchone())
"""
UNWRITABLE: dict[str, tuple[dict[str, Any], str]] = {
    "a read-only root without a volume": ({"mounts": []}, "Read-only file system"),
    "another user's volume": ({"user": "1234:1234"}, "Permission denied"),
}


@pytest.fixture
def volume() -> Iterator[dict[str, Any]]:
    """Options for containers that have one named volume as their data folder."""
    name = f"airlock-test-{uuid.uuid4().hex}"
    yield {"mounts": [{"Type": "volume", "Source": name, "Target": DATA}]}  # the engine makes it where it is not there
    subprocess.run(["docker", "volume", "rm", name], check=True, capture_output=True)


def test_without_a_volume_each_container_has_a_database_and_a_key_of_its_own(image: str) -> None:
    """In its writable layer, the key for its user alone: the image has neither."""
    with Container(image, **WRITABLE_ROOT) as one, Container(image, **WRITABLE_ROOT) as other:
        (key, mode, revision), found = (container.ready().python(KEPT).split() for container in (one, other))
    assert len(key) >= 32
    assert found[0] != key
    assert found[1:] == [mode, revision] == ["-rw-------", revision]


def test_a_writable_layer_survives_a_restart(image: str) -> None:
    """`docker restart` finds the key and the database again."""
    with Container(image, **WRITABLE_ROOT) as container:
        before = container.ready().python(KEPT)
        container.get_wrapped_container().restart(timeout=30)
        assert container.ready().python(KEPT) == before


@pytest.mark.parametrize("user", ["65532:65532", "1000780000:0"])
def test_a_volume_survives_its_container(user: str, image: str, volume: dict[str, Any]) -> None:
    """What one container has encrypted the next can read, with a read-only root and as any user of group 0."""
    with Container(image, user=user, **volume) as first:
        kept, locked = first.ready().python(KEPT), first.python(LOCK).strip()
    with Container(image, user=user, **volume) as second:
        assert second.ready().python(KEPT) == kept
        assert second.python(UNLOCK, locked) == "open sesame\n"


def test_a_running_service_is_backed_up(image: str) -> None:
    """`python -m service backup` in its container writes a database that is whole."""
    with Container(image) as container:
        copied = container.ready().python(BACKUP).split()
        assert copied == container.python(KEPT).split()[-1:]


@pytest.mark.parametrize("fault", UNWRITABLE)
def test_a_folder_that_is_not_writable_ends_the_container(fault: str, image: str, tmp_path: Path) -> None:
    """The report names the folder, the reason and the way out."""
    options, reason = UNWRITABLE[fault]
    log = fails(Container(image, **options), tmp_path)
    assert "check service.store.health:check" in log
    assert DATA in log
    assert reason in log
    assert "make the folder of DATA_DIR writable for the user that runs the service" in log


def test_a_folder_that_cannot_be_made_ends_the_container(image: str, tmp_path: Path) -> None:
    """DATA_DIR somewhere in the read-only root is named."""
    log = fails(Container(image, env={"DATA_DIR": "/usr/lib/data"}), tmp_path)
    assert "the folder of the database, /usr/lib/data, cannot be made: Read-only file system" in log
    assert "set DATA_DIR" in log
