# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes to text, and what is no text at all."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from evsed.errors import DayError
from evsed.sim.dayfiles import ReadOptions, read_days
from evsed.sim.dayfiles.decode import decode

TEXT = "Zeit;Überschuss (W)\n2026-06-14 05:00;400\n2026-06-14 05:01;500\n"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso8859-15"],
)
def test_the_encoding_is_found(encoding: str) -> None:
    assert decode(TEXT.encode(encoding), "day.csv")[0] == TEXT


def test_gzip_is_unpacked_also_in_several_members() -> None:
    half = len(TEXT) // 2
    packed = gzip.compress(TEXT[:half].encode()) + gzip.compress(TEXT[half:].encode())
    assert decode(packed, "day.csv.gz")[0] == TEXT


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b"SQLite format 3\x00rest", "--from-history"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b'{"time": 1}', "JSON"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x1f\x8b\x08broken", "cannot be unpacked|ends early"),
        (gzip.compress(b"time,surplus_w\n" * 99, mtime=0)[:-20], "ends early"),
        (b"time,\x00\x01surplus_w\n", "is no text"),
        (b"", "has no rows"),
        (b"\n\n\n", "has no rows"),
        (b"time,surplus_w\n", "has no rows"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(
    tmp_path: Path, data: bytes, words: str
) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(data)
    with pytest.raises(DayError, match=words):
        read_days(path, ReadOptions())


def test_a_small_file_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "day.csv.gz"
    path.write_bytes(gzip.compress(bytes(300 * 1024 * 1024), compresslevel=1))
    with pytest.raises(DayError, match="more than 256 MB"):
        read_days(path, ReadOptions())


def test_a_folder_and_a_device_without_an_end_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/zero"), tmp_path / "none.csv"):
        with pytest.raises(DayError, match=r"cannot be read|larger than 256 MB"):
            read_days(path, ReadOptions())
