# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes of people who edit the file by hand: the line, a caret, and what to write instead."""

from pathlib import Path

import pytest

from evsed.errors import SettingsError
from evsed.settings import load_settings


def problem(folder: Path, content: bytes) -> str:
    file = folder / "evsed.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_settings(file, environ={})
    (text,), (place,) = caught.value.problems, caught.value.places
    return text + place


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("mains_v = 230,5", "write a point, not a comma: 230.5"),
        ("max_current_a = 16A", "write the number without its unit: 16"),
        ("max_current_a = 16 A  # as the fuse", "write the number without its unit: 16"),
        ("mains_v: 230", "write mains_v = 230"),
        ("mains_v 230", 'there is no "=" between key and value'),
        ("mains_v =", "there is no value after the ="),
        ("kind = pigpio", 'text stands in quotes: "pigpio"'),
        ("path = /var/lib/evsed.db", 'text stands in quotes: "/var/lib/evsed.db"'),
        ("enabled = True", "write true or false, in small letters"),
        ("enabled = yes", "write true or false, in small letters"),
    ],
)
def test_a_line_that_is_not_toml_is_shown_with_what_to_write(
    tmp_path: Path, line: str, hint: str
) -> None:
    text = problem(tmp_path, f"# mine\n[supply]\n{line}\n\nphases = 1\n".encode())
    first, shown, caret = text.splitlines()
    assert first.endswith(f"is not TOML: line 3: {hint}")
    assert shown == f"    3 | {line}"
    assert caret.startswith("      | ")
    assert caret.endswith("^")


def test_the_caret_is_under_the_place(tmp_path: Path) -> None:
    *_, shown, caret = problem(tmp_path, b"[supply]\nmains_v = 230,5\n").splitlines()
    assert shown[caret.index("^")] == ","


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[supply]\nphases = 1\n[web]\n[supply]\n", "[supply] is there twice, first in line 1"),
        ("[supply]\nphases = 1\nphases = 3\n", "phases is there twice, first in line 2"),
        ("[web]\nport = 1\n[supply]\nphases = 1\n\nphases = 3", "first in line 4"),
    ],
)
def test_what_is_there_twice_is_named_with_its_first_line(
    tmp_path: Path, content: str, said: str
) -> None:
    assert said in problem(tmp_path, content.encode())


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    file = tmp_path / "evsed.toml"
    file.write_bytes(b"\xef\xbb\xbf[supply]\nphases = 3\n")
    assert load_settings(file, environ={}).supply.phases == 3


@pytest.mark.parametrize("content", [b"[", b"=", b'a = "', b"a = [1,", b"\x00", b"[[]]", b"a.b.c"])
def test_whatever_the_file_holds_there_is_one_problem(tmp_path: Path, content: bytes) -> None:
    assert "is not TOML: line 1: " in problem(tmp_path, content)


def test_a_value_out_of_its_range_is_shown_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "evsed.toml"
    text = "[supply]\nphases = 1\n[web]\nport =  99999  # mine\n[supply2]\nphases = 9\n"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file, environ={"EVSED_SUPPLY__MAINS_V": "12"})
    places = dict(zip(caught.value.problems, caught.value.places, strict=True))
    (port,) = (place for problem, place in places.items() if problem.startswith("web.port"))
    _, shown, caret = port.splitlines()
    assert shown == "    4 | port =  99999  # mine"
    assert caret.index("^") == shown.index("99999")
    (mains,) = (place for problem, place in places.items() if "EVSED_SUPPLY__MAINS_V" in problem)
    assert mains == ""
