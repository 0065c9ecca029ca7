# SPDX-License-Identifier: GPL-3.0-or-later
"""A doubt at a terminal is a question; anywhere else it is an error with the options."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from evsed.cli import main
from tests.sim.replay.days import cloudy, write_day

SOME_S = 60.0
"""A process that hangs ends then."""


def nameless(folder: Path) -> Path:
    """A file whose column has no name that says what it is."""
    day = write_day(folder / "day.csv", cloudy, minutes=60)
    day.write_text(day.read_text(encoding="utf-8").replace("surplus_w", "state"), encoding="utf-8")
    return day


def at_a_terminal(arguments: list[str], typed: bytes) -> tuple[int, str]:
    """Run the command with a terminal for input and errors: exit code and standard output."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "evsed", "replay", *arguments],
            stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            os.write(ours, typed)
            shown, _ = process.communicate(timeout=SOME_S)
            return process.returncode, shown
    finally:
        os.close(ours)
        os.close(theirs)


def test_the_answer_at_a_terminal_makes_the_file_readable(tmp_path: Path) -> None:
    code, shown = at_a_terminal([str(nameless(tmp_path))], b"1\n")
    assert code == 0
    assert "'state': surplus" in shown


@pytest.mark.parametrize("typed", [b"\n", b"99\n", b"what\n", b"\x04"])
def test_no_answer_leaves_the_file_out(tmp_path: Path, typed: bytes) -> None:
    code, shown = at_a_terminal([str(nameless(tmp_path))], typed)
    assert (code, shown) == (65, "")


def test_without_a_terminal_the_options_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(nameless(tmp_path))]) == 65
    shown = capsys.readouterr().err
    for option in ("--surplus state", "--import state", "--export state"):
        assert option in shown


@pytest.mark.parametrize("option", ["--surplus=state", "--surplus=2", "--surplus=STATE"])
def test_the_option_is_taken_by_name_or_number(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", option, str(nameless(tmp_path))]) == 0
    assert "'state': surplus" in capsys.readouterr().out


def test_a_column_that_is_not_there_is_refused_with_those_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "--surplus", "sun", str(nameless(tmp_path))]) == 65
    assert "There are 'state'" in capsys.readouterr().err


def test_a_file_of_several_days_is_cut_at_midnight(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = write_day(tmp_path / "days.csv", lambda _: 100.0, minutes=3 * 1440)
    assert main(["replay", str(day)]) == 0
    shown = capsys.readouterr()
    names = [f"days 2026-06-{day}" for day in (21, 22, 23, 24)]
    assert all(name in shown.out for name in names)
    assert "4 of 4 days" in shown.err
