# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes of a file to its text."""

from __future__ import annotations

import codecs
import zlib
from pathlib import Path
from typing import Final

from evsed.errors import DayError

LARGEST: Final = 256 * 1024 * 1024
"""A year of seconds has less than this many bytes; a larger file is no day."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins with the same bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_NO_TEXT: Final = (
    (b"PK\x03\x04", "an Excel workbook or another packed file. Save the sheet as CSV."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook. Save the sheet as CSV."),
    (b"SQLite format 3", "a database. Export the rows as CSV; evsed's own days: --from-history."),
    (b"PAR1", "a Parquet file. Export it as CSV."),
    (b"%PDF", "a PDF document. Get the same figures as CSV."),
    (b"\x89PNG", "a picture. Get the same figures as CSV."),
    (b"<!doctype html", "a web page, perhaps of a login. Download the CSV file itself."),
    (b"<html", "a web page, perhaps of a login. Download the CSV file itself."),
    (b"<?xml", "XML. Export the rows as CSV."),
    (b"{", "JSON. Export the rows as CSV, with a header such as time,surplus_w."),
    (b"[{", "JSON. Export the rows as CSV, with a header such as time,surplus_w."),
    (b"[[", "JSON. Export the rows as CSV, with a header such as time,surplus_w."),
)

_HALF: Final = 0.3
"""UTF-16 of Latin letters has a zero in every second byte; other text has none."""


def read_text(path: Path) -> tuple[str, str]:
    """Text and encoding of a file, plain or gzip. Raises DayError."""
    try:
        with path.open("rb") as file:  # no further: a device has no end
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise DayError(
            f"{path} cannot be read ({error.strerror}); nothing was replayed. "
            "Give the path of a CSV file."
        ) from error
    if len(data) > LARGEST:
        raise DayError(f"{path} is larger than 256 MB; nothing was replayed. Split it.")
    return decode(data, str(path))


def decode(data: bytes, name: str) -> tuple[str, str]:
    """Text and encoding of the bytes of the file called `name`. Raises DayError."""
    if data.startswith(b"\x1f\x8b"):
        data = _unpacked(data, name)
    head = data[:64].lstrip().lower()
    for mark, words in _NO_TEXT:
        if head.startswith(mark.lower()):
            raise DayError(f"{name} is {words} Nothing was replayed.")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding, name), encoding
    encoding = _guess(data)
    return _strict(data, encoding, name), encoding


def _unpacked(data: bytes, name: str) -> bytes:
    """Unpack gzip; no more than `LARGEST`, however small it was packed. Raises DayError."""
    text = bytearray()
    try:
        while data:
            member = zlib.decompressobj(wbits=31)  # 31: with gzip's header
            text += member.decompress(data, LARGEST - len(text) + 1)
            if len(text) > LARGEST:
                raise DayError(
                    f"{name} unpacks to more than 256 MB; nothing was replayed. Split it."
                )
            if not member.eof:
                raise DayError(f"{name} ends early; nothing was replayed. Give a whole gzip file.")
            data = member.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise DayError(
            f"{name} cannot be unpacked ({error}); nothing was replayed. Give a whole gzip file."
        ) from error
    return bytes(text)


def _guess(data: bytes) -> str:
    """The encoding of bytes without a mark."""
    sample = data[:4096]
    if sample:
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        if max(even, odd) > _HALF * len(sample) / 2:
            return "utf-16-le" if odd > even else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"  # what Excel and Windows programs write in western Europe
    return "utf-8"


def _strict(data: bytes, encoding: str, name: str) -> str:
    """Decode. A wrong byte does no harm in a name; a file with a zero byte is no text."""
    text = data.decode(encoding, errors="replace")
    if "\0" in text:
        raise DayError(f"{name} is no text; nothing was replayed. Give the path of a CSV file.")
    return text
