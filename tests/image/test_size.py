"""What takes how much room: the tables add up, and are those of the image."""

from __future__ import annotations

import gzip
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image import archive, size
from tests.image.build import ROOT, build

PARTS = {
    "the project",
    "third-party distributions",
    "interpreter",
    "standard library",
    "shared libraries",
    "certificates",
    "time zones",
    "licences",
    "package metadata",
    "other",
}


@pytest.fixture(scope="module")
def printed(image: str) -> dict[str, dict[str, tuple[int, int]]]:
    """The tables that the command prints: names, bytes and compressed bytes."""
    command = [sys.executable, "-m", "image.size", image]
    text = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    tables = {}
    for table in text.strip().split("\n\n"):
        title, *rows = table.splitlines()
        cells = [re.split(r"\s{2,}", row.replace(",", "")) for row in rows]
        tables[re.split(r"\s{2,}", title)[0]] = {name: (int(plain), int(small)) for name, plain, small, *_ in cells}
    return tables


def test_the_parts_are_all_files_of_the_image(
    printed: dict[str, dict[str, tuple[int, int]]], contents: archive.Image
) -> None:
    """Each file is in one part, and every part is there."""
    parts = printed["part"]
    together = parts.pop("together")
    assert parts.keys() == PARTS
    assert together[0] == sum(plain for plain, _ in parts.values())
    assert together[0] == sum(entry.size for entry in contents.root.values())
    assert parts["interpreter"][0] == contents.root["usr/bin/python3.13"].size
    assert parts["certificates"][0] == contents.root["etc/ssl/certs/ca-certificates.crt"].size


def test_the_layers_are_those_of_the_image(
    printed: dict[str, dict[str, tuple[int, int]]], contents: archive.Image, image: str
) -> None:
    """Plain bytes are those of their tars, compressed ones what a registry would be sent."""
    layers = printed[f"{image}: layer"]
    together = layers.pop("together")
    assert [plain for plain, _ in layers.values()] == [layer.size for layer in contents.layers]
    assert [name[0] for name in layers] == list("01234")
    assert together[1] == sum(small for _, small in layers.values())
    first = contents.layers[0].tar.getvalue()
    assert layers[next(iter(layers))][1] == pytest.approx(len(gzip.compress(first, size.LEVEL)), rel=0.001)


def test_the_biggest_files_come_first(printed: dict[str, dict[str, tuple[int, int]]], contents: archive.Image) -> None:
    """Fifteen of them, in order, and none of those left out is bigger."""
    biggest = printed["biggest files"]
    sizes = [plain for plain, _ in biggest.values()]
    assert len(sizes) == size.BIGGEST
    assert sizes == sorted(sizes, reverse=True)
    assert max(entry.size for path, entry in contents.root.items() if path not in biggest) <= sizes[-1]


def test_another_image_is_shown_beside_it(image: str, contents: archive.Image, tmp_path: Path) -> None:
    """Totals only, as parts of the first image's."""
    whole = sum(entry.size for entry in contents.root.values())
    (tmp_path / "half").write_bytes(b"x" * (whole // 2))
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY half /\n")
    other = build("airlock:test-half", file=tmp_path / "Dockerfile", context=tmp_path)
    command = [sys.executable, "-m", "image.size", image, other]
    text = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    rows = text.strip().split("\n\n")[-1].splitlines()
    assert re.match(r"image\s+bytes\s+gzip\s+of bytes\s+of gzip$", rows[0])
    assert re.match(rf"{re.escape(image)}\s.*\s1\.00\s+1\.00$", rows[1])
    assert re.match(rf"{re.escape(other)}\s+{whole // 2:,}\s.*\s0\.50\s+0\.00$", rows[2])
    assert len(rows) == 3


@given(st.binary(max_size=5000))
def test_compressed_bytes_are_those_of_gzip(content: bytes) -> None:
    """Whatever the content, as engines compress it."""
    assert size.squeeze(io.BytesIO(content)) == len(gzip.compress(content, size.LEVEL))


@given(st.dictionaries(st.text("abc ", min_size=1), st.tuples(st.integers(0), st.integers(0)), min_size=1))
def test_a_table_has_a_line_for_each_row(rows: dict[str, tuple[int, int]]) -> None:
    """Whatever the sizes, nothing included, with a sum at the end."""
    lines = size.table("title", rows).splitlines()
    assert len(lines) == len(rows) + 2
    assert f"{sum(plain for plain, _ in rows.values()):,}" in lines[-1]
