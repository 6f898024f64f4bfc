"""The vault: what is encrypted, with which key, and where that key is."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from probes import Failure
from service.store.vault import Vault, secret_in

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = "o" * 32, "n" * 32


def test_a_secret_comes_back_as_it_was() -> None:
    """Encrypted it shows nothing of itself, and is another text each time."""
    vault = Vault([NEW])
    locked = vault.lock("pässword")
    assert vault.unlock(locked) == "pässword"
    assert b"ssword" not in locked
    assert locked != vault.lock("pässword")


def test_any_of_the_keys_decrypts_and_the_first_encrypts() -> None:
    """So that a new key may be put in front of the one that was in force."""
    locked = Vault([OLD]).lock("x")
    assert Vault([NEW, OLD]).unlock(locked) == "x"
    with pytest.raises(Failure, match="none of the keys in force encrypted it"):
        Vault([NEW]).unlock(locked)
    assert Vault([NEW]).unlock(Vault([NEW, OLD]).lock("x")) == "x"


def test_the_file_of_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """Those who come at once, of one process or of several, all get the same key, and nothing else is left."""
    for turn in range(50):
        file = tmp_path / str(turn) / "secret.key"
        together = threading.Barrier(8)

        def come(file: Path = file, together: threading.Barrier = together) -> str:
            together.wait()
            return secret_in(file)

        with ThreadPoolExecutor(8) as threads:
            found = [answer.result() for answer in [threads.submit(come) for _ in range(8)]]
        assert len(set(found)) == 1
        assert len(found[0]) >= 32
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert list(file.parent.iterdir()) == [file]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """With the way out."""
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(Failure, match=r"secret\.key cannot be read or made") as raised:
        secret_in(tmp_path / "data" / "secret.key")
    assert any("SECRET_KEYS" in step for step in raised.value.resolution)
