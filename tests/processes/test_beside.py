# SPDX-License-Identifier: GPL-3.0-or-later
"""Other commands beside an evsed at work change nothing on its wires and nothing in its store."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from evsed.boards import BoardConfig, PigpioConfig
from evsed.cli.hardware import ask_version, show
from tests.processes.rig import Daemon, Rig, wait_until

KEPT = ("crashes", "faults", "notes", "totals", "sessions", "days")


def kept(rig: Rig) -> dict[str, list[tuple[object, ...]]]:
    """All that the store keeps for good, of a charge that goes on."""
    with closing(sqlite3.connect(rig.folder / "evsed.db")) as database:
        return {
            table: sorted(database.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for table in KEPT
        }


class Witness:
    """An evsed that charges, and what its wires and its store were like."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        rig.charge()
        self._first = rig.life()
        self._settings = rig.settings.read_text()
        wait_until("the closing is kept", lambda: ("cycles", 1.0) in kept(rig)["totals"])
        self._before = kept(rig)
        self._since = rig.now()

    def with_settings(self, was: str, instead: str) -> None:
        """Change what the next command reads; the evsed that charges does not read it again."""
        assert was in self._settings
        self._rig.settings.write_text(self._settings.replace(was, instead))

    def assert_nothing_changed(self) -> None:
        rig = self._rig
        rig.daemon = self._first
        rig.settings.write_text(self._settings)
        until = rig.now()
        timeline = rig.pi.timeline()
        assert timeline.openings(self._since) == []
        assert timeline.closed_at(until)
        assert [at for at, _ in timeline.pilot if self._since <= at <= until] == []
        assert rig.pi.order("state")["clients"] == 2
        assert kept(rig) == self._before
        assert self._first.process.poll() is None


def a_pi(root: Path, port: int) -> Path:
    """The files of a Pi on which a pigpiod listens at *port*."""
    for name, text in {
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
        "proc/412/comm": "pigpiod\n",
        "proc/412/cmdline": f"/usr/bin/pigpiod\0-m\0-l\0-p\0{port}\0",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_check_of_the_hardware_changes_nothing(rig: Rig) -> None:
    witness = Witness(rig)

    for words in (("--hardware",), ("--all",)):
        assert "pi" in rig.evsed("check", *words).said().lower()
    # This machine may be no Pi: the same on the files of one, with the question to pigpiod.
    config = BoardConfig(pigpio=PigpioConfig(port=rig.pi.port))
    show(config, a_pi(rig.folder / "pi", rig.pi.port))
    assert "version" in ask_version(config.pigpio).what

    wait_until("its connection is closed", lambda: rig.pi.order("state")["clients"] == 2)
    witness.assert_nothing_changed()


@pytest.mark.parametrize("host", ["127.1", "LOCALHOST", "127.0.0.1"])
def test_a_second_run_or_pilot_changes_nothing_wherever_its_pigpiod_is_said_to_be(
    rig: Rig, host: str
) -> None:
    witness = Witness(rig)
    witness.with_settings("[board.pigpio]", f'[board.pigpio]\nhost = "{host}"')
    again = rig.settings.read_text().replace("/evsed.sock", "/second.sock")
    rig.settings.write_text(again)

    second = rig.start()
    wait_until(
        "it has ended, or reaches for the wires",
        lambda: second.process.poll() is not None or rig.pi.order("state")["clients"] > 2,
    )
    assert second.process.poll() == os.EX_TEMPFAIL
    assert rig.evsed("pilot", "--times", "1").code == os.EX_TEMPFAIL

    witness.assert_nothing_changed()


@pytest.mark.long
def test_a_demo_with_the_settings_of_an_evsed_at_work_changes_nothing(rig: Rig) -> None:
    witness = Witness(rig)
    environ = rig.environ(
        EVSED_BOARD__PIGPIO__PORT=str(rig.pi.port), EVSED_STORE__PATH=str(rig.folder / "evsed.db")
    )
    command = ("demo", "--port", "0", "--config", str(rig.settings))
    demo = Daemon(rig, environ, command)
    wait_until(
        "the demo charges, or has ended",
        lambda: "contactor closed, charging" in demo.said() or demo.process.poll() is not None,
    )
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.ended() == 0

    witness.assert_nothing_changed()
