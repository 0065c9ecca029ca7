# SPDX-License-Identifier: GPL-3.0-or-later
"""evsed that cannot start says why, exits with the right code and touches no wire."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing

from tests.processes.rig import Daemon, Rig
from tests.processes.timeline import PINS


def started_with(rig: Rig, was: str, instead: str) -> Daemon:
    """A life with one line of the settings changed, and its end."""
    settings = rig.settings.read_text()
    assert was in settings
    rig.settings.write_text(settings.replace(was, instead))
    daemon = rig.start()
    daemon.ended()
    rig.until_nothing_runs()
    return daemon


def assert_untouched(rig: Rig) -> None:
    # The button of the simulated box rests at its pin before any evsed is there.
    assert [event for event in rig.pi.order("history") if event[2] != PINS.button] == []
    assert rig.pi.order("state")["clients"] == 0


def test_wrong_settings_are_said_in_one_line_and_end_with_78(rig: Rig) -> None:
    daemon = started_with(rig, "max_current_a = 32.0", "max_current_a = 5.0")

    assert daemon.code == 78
    line, *_ = daemon.said().splitlines()
    assert "supply.max_current_a = 5.0" in line
    assert_untouched(rig)


def test_a_port_that_is_taken_is_said_and_ends_with_1(rig: Rig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        daemon = started_with(rig, "port = 0", f"port = {port}")

    assert daemon.code == 1
    assert str(port) in daemon.said()
    assert "Traceback" not in daemon.said()
    assert_untouched(rig)


def test_a_port_that_is_taken_does_not_disturb_the_evsed_that_has_it(rig: Rig) -> None:
    """The first goes on beating; the second never reaches for its wires."""
    rig.settings.write_text(rig.settings.read_text().replace("port = 0\n", f"port = {_free()}\n"))
    rig.charge()
    first = rig.life()
    at = rig.now()
    changes = len(rig.pi.timeline().pilot)

    second = rig.start()
    assert second.ended() == 1

    rig.daemon = first
    timeline = rig.pi.timeline()
    assert len(timeline.pilot) == changes
    assert timeline.beats_since(at)
    assert rig.pi.order("state")["clients"] == 2


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port: int = holder.getsockname()[1]
    return port


def store_of(rig: Rig) -> list[tuple[object, ...]]:
    """Everything that the store has of crashes and closings."""
    with closing(sqlite3.connect(rig.folder / "evsed.db")) as database:
        crashes = database.execute("SELECT * FROM crashes").fetchall()
        notes = database.execute("SELECT * FROM notes ORDER BY key").fetchall()
        return [*crashes, *notes]


def test_a_second_evsed_on_another_port_changes_nothing_on_the_wires_and_in_the_store(
    rig: Rig,
) -> None:
    rig.charge()
    first = rig.life()
    since = rig.now()
    before = store_of(rig)
    settings = rig.settings.read_text()
    rig.settings.write_text(settings.replace("/evsed.sock", "/second.sock"))

    second = rig.start()
    assert second.ended() == 75
    assert "another evsed has the board" in second.said()
    watching = rig.evsed("pilot", "--times", "1")
    assert watching.code == 75
    assert "nothing was touched" in watching.said()

    rig.daemon = first
    rig.settings.write_text(settings)
    timeline = rig.pi.timeline()
    assert timeline.closed_at(since)
    assert timeline.openings(since) == []
    assert timeline.closed_at(timeline.until)
    assert store_of(rig) == before
