# SPDX-License-Identifier: GPL-3.0-or-later
"""The alerts of the simulated pigpiod: which edges are reported, to whom and when."""

import struct

from evsed.sim.pigpiod.machine import Setup
from evsed.sim.pigpiod.protocol import Cmd
from tests.sim.pigpiod.pigpiod_kit import Desk


# -- notifications ---------------------------------------------------------------------------------
def test_an_edge_is_reported_at_the_next_millisecond_to_those_who_watch_it() -> None:
    desk = Desk()
    handle = desk.ask(Cmd.NOIB)
    desk.ask(Cmd.NB, handle, 1 << 24)
    desk.pass_time(0.0102)
    desk.ask(Cmd.WRITE, 24, 1)
    desk.ask(Cmd.WRITE, 23, 1)
    assert desk.machine.take_reports() == []

    desk.pass_time(0.001)

    [(conn, report)] = desk.machine.take_reports()
    sequence, flags, tick, levels = struct.unpack("<HHII", report)
    assert (conn, sequence, flags) == (desk.conn, 0, 0)
    assert levels == 0x1FF | 1 << 24
    assert tick % 5 == 0


def test_the_mask_that_holds_at_the_batch_decides() -> None:
    desk = Desk()
    handle = desk.ask(Cmd.NOIB)
    desk.pass_time(0.0102)
    desk.ask(Cmd.WRITE, 24, 1)
    desk.ask(Cmd.NB, handle, 1 << 24)

    desk.pass_time(0.001)

    assert len(desk.machine.take_reports()) == 1


def test_a_silent_minute_ends_in_a_sign_of_life() -> None:
    desk = Desk()
    desk.ask(Cmd.NOIB)
    paused = desk.ask(Cmd.NOIB)
    desk.ask(Cmd.NP, paused)

    desk.pass_time(150.0)

    reports = desk.machine.take_reports()
    assert [struct.unpack("<HHII", report)[1] for _conn, report in reports] == [64, 64]


def test_without_alerts_nothing_is_reported() -> None:
    desk = Desk(Setup(alerts=False))
    handle = desk.ask(Cmd.NOIB)
    desk.ask(Cmd.NB, handle, 0xFFFFFFFF)
    desk.ask(Cmd.WDOG, 25, 50)
    desk.ask(Cmd.WRITE, 24, 1)

    desk.pass_time(1.0)

    assert desk.machine.take_reports() == []
