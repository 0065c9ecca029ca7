# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests on a whole machine: a clock that is wrong, a plug that is pulled, real-time priority.

`make vm-test`; needs root and qemu. The package is installed in a virtual machine; the simulated
Pi is on this machine, which the virtual one reaches over its network. Its stamps are on this
machine's monotonic clock, whatever clock the virtual one has.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deb.systems.machine import THIS_MACHINE, Machine
from tests.deb.systems.rig import SETTINGS, Site, prepare, steady, still_closed, told_again
from tests.processes.rig import SimulatedPi, wait_until

BEATS = 40  # between two jumps: four fifths of a second
WATCHED_S = 12.0  # more than two periods of the watchdog
JUMPS = ("2038-02-01 12:00", "1970-01-02 12:00", "2026-12-01 12:00", "2026-12-01 11:00")
A_SECOND_WH = 16 * 230 / 3600
A_MINUTE_WH = 60 * A_SECOND_WH
READ_STORE = """\
import json, sqlite3
store = sqlite3.connect("file:/var/lib/evsed/evsed.db?mode=ro", uri=True)
(sound,) = store.execute("PRAGMA integrity_check").fetchone()
total = dict(store.execute("SELECT name, value FROM totals")).get("energy_wh", 0.0)
sessions = store.execute("SELECT id, energy_wh, ended IS NOT NULL FROM sessions").fetchall()
print(json.dumps([sound, total, sessions]))
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site[Machine]]:
    """One machine for all tests, in their order; it is 1970 when it is switched on first."""
    with Machine() as machine:
        machine.boot("1970-01-01T00:01:00")
        prepare(machine)
        machine.run("dpkg", "-i", "/root/evsed.deb")
        machine.run("timedatectl", "set-ntp", "false")  # the clock is these tests' own
        pi = SimulatedPi()
        try:
            settings = SETTINGS.replace("port =", f'host = "{THIS_MACHINE}"\nport =')
            machine.put("/etc/evsed.toml", settings.format(port=pi.port).encode())
            machine.run("systemctl", "enable", "evsed")
            yield Site(machine, pi)
        finally:
            pi.close()


def until_beats(site: Site[Machine], count: int) -> None:
    since = time.monotonic()
    wait_until(f"{count} beats", lambda: len(site.pi.timeline().beats_since(since)) >= count)


def status(site: Site[Machine]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(
        site.box.output("curl", "-s", "-m", "60", "http://127.0.0.1/api/v1/status")
    )
    return said


def store(site: Site[Machine]) -> tuple[str, float, list[tuple[str, float, int]]]:
    """SQLite's opinion of the file, the energy in all, and the sessions: id, energy, ended."""
    sound, total_wh, sessions = json.loads(site.box.output("python3", "-c", READ_STORE))
    return sound, total_wh, [tuple(session) for session in sessions]


def test_a_pi_that_begins_in_1970_charges(site: Site[Machine]) -> None:
    assert "setting system clock to 1970-01-01T00:0" in site.box.output("journalctl", "-k", "-b")
    with site.box.undisturbed():
        site.charge()
    assert "contactor closed, charging" in site.said()


def test_the_control_process_has_real_time_priority_and_the_page_has_not(
    site: Site[Machine],
) -> None:
    daemon, control = site.pids()
    assert "SCHED_FIFO" in site.box.output("chrt", "-p", str(control))
    assert "SCHED_OTHER" in site.box.output("chrt", "-p", str(daemon))


def jumps(site: Site[Machine]) -> tuple[float, float, list[str], tuple[int, int]]:
    """Set the clock while a car charges; from when to when, the years shown, the processes."""
    site.charge()
    pids = site.pids()
    at = time.monotonic()
    shown = []
    for jump in JUMPS:
        site.box.run("date", "-s", jump)
        until_beats(site, BEATS)
        shown.append(status(site)["at"][:4])
    until = time.monotonic()
    until_beats(site, BEATS)
    timeline = site.pi.timeline()
    still_closed(timeline, at)
    for opened_at in timeline.openings(at):
        # The dead-man's opening comes before the late beat that tells of it.
        steady(timeline, opened_at - 0.5, opened_at + 0.5)
    return at, until, shown, pids


def test_a_clock_that_is_set_while_charging_moves_nothing_on_the_wires(
    site: Site[Machine],
) -> None:
    with site.box.undisturbed():
        at, until, shown, pids = told_again(site, jumps)
    assert shown == ["2038", "1970", "2026", "2026"]
    timeline = site.pi.timeline()
    opened = [when for when in timeline.openings(at) if when < until]
    assert opened == [], site.said()[-2000:]
    assert [when for when, _ in timeline.pilot if at < when < until] == []
    assert site.pids() == pids


def test_it_loses_no_energy_and_no_record(site: Site[Machine]) -> None:
    with site.box.undisturbed():
        site.pi.order("unplug")
        wait_until("it is noticed", lambda: not status(site)["session"]["active"])
        site.box.run("systemctl", "stop", "evsed")
    sound, total_wh, sessions = store(site)
    assert sound == "ok"
    assert abs(total_wh - site.pi.timeline().flowed_wh()) <= A_SECOND_WH * len(sessions)
    assert all(ended for _, _, ended in sessions)
    records = site.box.output("cat", "/var/log/evsed/energy.log").splitlines()
    assert len(records) == len(sessions)
    lines = site.box.output("cat", "/var/log/evsed/events.log").splitlines()
    assert [line for line in lines if not re.match(r"\d{14} \S", line)] == []
    assert sum("contactor closed" in line for line in lines) == len(site.pi.timeline().closings())


def test_the_watchdog_is_not_misled_by_a_wrong_clock(site: Site[Machine]) -> None:
    with site.box.undisturbed():
        site.charge()
        daemon, control = site.pids()
        for jump in ("2038-02-01 12:00", "1970-01-02 12:00"):
            site.box.run("date", "-s", jump)
            since = time.monotonic()
            wait_until("two periods", lambda: time.monotonic() > since + WATCHED_S)  # noqa: B023
        assert site.pids() == (daemon, control), "it was ended without a reason"
        since = site.kill("STOP", control)
        site.opened_after(since, 0.2)
        site.until_restarted(daemon)
    assert "watchdog" in site.said().lower()


def test_a_power_cut_while_charging_costs_a_minute_of_energy_at_most(site: Site[Machine]) -> None:
    site.box.run("date", "-s", "2026-12-01 11:00")
    with site.box.undisturbed():
        site.charge()
        _, before_wh, _ = store(site)
        wait_until("energy is saved", lambda: store(site)[1] > before_wh + A_SECOND_WH)
        session = store(site)[2][-1][0]
        # The Pi's pins and pigpiod lose their power too, so only the charge pump is left to open.
        site.box.cut()
        site.pi.order("kill")
    wait_until("the contacts open", lambda: not site.pi.order("state")["contacts_closed"])
    site.pi.order("revive")
    since = time.monotonic()
    site.box.boot("2038-02-01T00:00:00")
    assert "setting system clock to 2038-02-01" in site.box.output("journalctl", "-k", "-b")
    with site.box.undisturbed():
        wait_until("it charges anew", lambda: site.pi.timeline().closings(since))
        wait_until("contacts", lambda: site.pi.order("state")["contacts_closed"])
        assert status(site)["at"][:4] == "2038"
        site.box.run("systemctl", "stop", "evsed")
    sound, total_wh, sessions = store(site)
    assert sound == "ok"
    assert sessions[-1][0] == session, "the car was plugged all the time: it is the one session"
    timeline = site.pi.timeline()
    lost_wh = timeline.flowed_wh(timeline.energised()) - total_wh
    assert -A_SECOND_WH * len(sessions) <= lost_wh <= A_MINUTE_WH + A_SECOND_WH * len(sessions)
