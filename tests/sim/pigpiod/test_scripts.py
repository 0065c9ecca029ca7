# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts inside the simulated pigpiod, on made-up time."""

import struct

import pytest

from evsed.sim.gpio_lines import INPUT
from evsed.sim.pigpiod.machine import Setup
from evsed.sim.pigpiod.protocol import Cmd, Err
from evsed.sim.pigpiod.scripts import FAILED, HALTED, INITING, RUNNING, WAITING
from tests.sim.pigpiod.pigpiod_kit import DEAD_MAN, Desk

BEAT, RELAY, PILOT, PATIENCE = 0, 23, 18, 9


def numbers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def status(desk: Desk, script: int) -> tuple[int, tuple[int, ...]]:
    answer, _ready = desk.ask_all(Cmd.PROCP, script)
    state, *parameters = struct.unpack_from("<11i", answer, 16)
    return state, tuple(parameters)


def run(text: bytes, *parameters: int) -> tuple[int, ...]:
    """Run a script to its end; its parameters."""
    desk = Desk()
    script = desk.ask(Cmd.PROC, ext=text)
    assert script == 0
    assert desk.ask(Cmd.PROCR, script, ext=numbers(*parameters)) == 0
    desk.pass_time(1.0)
    state, parameters = status(desk, script)
    assert state == HALTED
    return parameters


def beating_desk() -> tuple[Desk, int]:
    """A charging EVSE: contactor closed, pilot at 53 %, the dead-man running."""
    desk = Desk()
    assert desk.ask(Cmd.HP, PILOT, 1000, 530_000) == 0
    assert desk.ask(Cmd.WRITE, RELAY, 1) == 0
    script = desk.ask(Cmd.PROC, ext=DEAD_MAN)
    assert desk.ask(Cmd.PROCR, script, ext=numbers(BEAT, RELAY, PILOT, PATIENCE)) == 0
    return desk, script


# -- the dead-man ----------------------------------------------------------------------------------


def test_the_dead_man_leaves_the_contactor_closed_while_beats_come() -> None:
    desk, script = beating_desk()
    for beat in range(1, 500):
        desk.pass_time(0.020)
        assert desk.ask(Cmd.PROCU, script, ext=numbers(beat)) == 0
        assert desk.wires.level(RELAY) == 1

    assert status(desk, script)[0] == RUNNING


def test_the_dead_man_opens_the_contactor_within_150_ms_after_the_beats_stop() -> None:
    desk, script = beating_desk()
    for beat in range(1, 10):
        desk.pass_time(0.0203)
        desk.ask(Cmd.PROCU, script, ext=numbers(beat))
    last_beat_s = desk.clock.now_s

    desk.pass_time(1.0)

    opened = [event for event in desk.wires.history() if event.gpio == RELAY][-1]
    assert (opened.kind, opened.value) == ("level", 0)
    assert 0.100 < opened.at_s - last_beat_s < 0.115  # 108 ms on the real daemon
    wave = desk.wires.pwm(PILOT)
    assert wave is not None
    assert wave.duty == 1.0
    assert status(desk, script)[0] == HALTED


def test_the_dead_man_fires_with_its_client_gone() -> None:
    desk, _script = beating_desk()
    desk.machine.disconnect(desk.conn)

    desk.pass_time(0.2)

    assert desk.wires.level(RELAY) == 0


def test_the_dead_man_dies_with_the_daemon_and_the_outputs_stay() -> None:
    desk, _script = beating_desk()
    desk.machine.close()

    later = Desk(wires=desk.wires, clock=desk.clock)
    later.pass_time(10.0)

    assert desk.wires.level(RELAY) == 1
    assert later.ask(Cmd.PROCP, 0) == Err.BAD_SCRIPT_ID


# -- the language ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        (b"lda 7 add 5 sta p0", (), 12),
        (b"lda 7 sub 9 sta p0", (), -2),
        (b"lda -7 div 2 sta p0", (), -3),
        (b"lda -7 mod 2 sta p0", (), -1),
        (b"lda 6 mlt -7 sta p0", (), -42),
        (b"lda 0xF0 and 0x3C sta p0", (), 0x30),
        (b"lda 010 or 1 sta p0", (), 9),
        (b"lda 5 xor 1 sta p0", (), 4),
        (b"lda 1 rla 31 sta p0", (), -(2**31)),
        (b"lda -8 rra 1 sta p0", (), -4),
        (b"ld p0 3 rl p0 4", (), 48),
        (b"ld p0 48 rr p0 4", (), 3),
        (b"lda 2147483647 add 1 sta p0", (), -(2**31)),
        (b"ld v149 4 ld p1 9 x v149 p1 ld p0 v149", (), 9),
        (b"lda 3 ld p0 8 xa p0", (), 3),
        (b"push p0 ld p0 0 pop p0", (66,), 66),
        (b"lda 5 pusha lda 0 popa sta p0", (), 5),
        (b"lda 3 inra inra dcra sta p0", (), 4),
        (b"call 9 halt tag 9 ld p0 1 ret ld p0 2", (), 1),
        (b"lda 300 stab 4 lda 0 ldab 4 sta p0", (), 44),
        (b"LD p0 5 HALT", (), 5),
        (b"tag 1 inr p0 dcr p1 jp 1", (0, 4), 5),
        (b"lda p1 cmp 5 jm 1 ld p0 1 halt tag 1 ld p0 2", (0, 4), 2),
        (b"lda p1 cmp 5 jnz 1 ld p0 1 halt tag 1 ld p0 2", (0, 5), 1),
        (b"r 8 sta p0", (), 1),
        (b"m 24 w mg 24 sta p0", (), 1),
        (b"pud 24 u r 24 sta p0", (), 1),
        (b"w 30 1 sta p0", (), -41),
        (b"hp 18 1000 250000 gdc 18 sta p0", (), 250_000),
        (b"pigpv sta p0", (), 79),
        (b"spio 0 50000 0 sta p0 spic p0", (), 0),
    ],
)
def test_what_scripts_compute(text: bytes, given: tuple[int, ...], expected: int) -> None:
    assert run(text, *given)[0] == expected


@pytest.mark.parametrize(
    ("text", "result"),
    [
        (b"spix 0 1 2 3", Err.BAD_SCRIPT_CMD),
        (b"spir 0 3", Err.BAD_SCRIPT_CMD),
        (b"proc halt", Err.BAD_SCRIPT_CMD),
        (b"foo", Err.BAD_SCRIPT_CMD),
        (b"w 4", Err.BAD_SCRIPT_CMD),
        (b"w four 1", Err.BAD_SCRIPT_CMD),
        (b"w -4 1", Err.BAD_SCRIPT_CMD),
        (b"m 24 x", Err.BAD_SCRIPT_CMD),
        (b"lda v150", Err.BAD_SCRIPT_CMD),
        (b"lda p10", Err.BAD_SCRIPT_CMD),
        (b"hp p2 1000 p3", Err.BAD_SCRIPT_CMD),
        (b"jmp v1", Err.BAD_SCRIPT_CMD),
        (b"tag 1 tag 1", Err.DUP_TAG),
        (b"jmp 3 tag 4", Err.BAD_TAG),
        (b" ".join(b"tag %d" % tag for tag in range(51)), Err.TOO_MANY_TAGS),
    ],
)
def test_scripts_that_are_refused(text: bytes, result: Err) -> None:
    desk = Desk()

    assert desk.ask(Cmd.PROC, ext=text) == result
    assert desk.ask(Cmd.PARSE, ext=text) == result


@pytest.mark.parametrize("text", [b"ret", b"pop v0", b"lda 1 div 0", b"tag 0 push v0 jmp 0"])
def test_scripts_that_fail_while_running(text: bytes) -> None:
    desk = Desk()
    script = desk.ask(Cmd.PROC, ext=text)
    desk.ask(Cmd.PROCR, script)
    desk.pass_time(1.0)

    assert status(desk, script)[0] == FAILED
    assert desk.ask(Cmd.PROCR, script) == Err.SCRIPT_NOT_READY


# -- life of a script ------------------------------------------------------------------------------


def test_a_script_runs_in_time() -> None:
    desk = Desk()
    script = desk.ask(Cmd.PROC, ext=b"tag 0 w p0 1 mils p1 w p0 0 mils p1 dcr p2 jp 0")
    begun_s = desk.clock.now_s
    desk.ask(Cmd.PROCR, script, ext=numbers(24, 5, 3))

    desk.pass_time(1.0)

    edges = [event for event in desk.wires.history() if event.kind == "level"]
    assert [event.value for event in edges] == [1, 0] * 4
    expected_s = [0.0, 0.005, 0.010, 0.015, 0.020, 0.025, 0.030, 0.035]
    assert [event.at_s - begun_s for event in edges] == pytest.approx(expected_s, abs=0.001)
    assert status(desk, script) == (HALTED, (24, 5, -1, 0, 0, 0, 0, 0, 0, 0))


def test_a_running_script_cannot_be_run_again_and_takes_new_parameters() -> None:
    desk = Desk()
    script = desk.ask(Cmd.PROC, ext=b"tag 0 mils 10 jmp 0")
    desk.ask(Cmd.PROCR, script)

    assert desk.ask(Cmd.PROCR, script) == Err.SCRIPT_NOT_READY
    assert desk.ask(Cmd.PROCU, script, ext=numbers(7, 8)) == 0
    assert status(desk, script) == (RUNNING, (7, 8, *[0] * 8))


def test_a_stopped_script_halts_when_its_pause_is_over() -> None:
    desk = Desk()
    script = desk.ask(Cmd.PROC, ext=b"mils 1000 ld p0 1")
    desk.ask(Cmd.PROCR, script)
    desk.pass_time(0.1)
    assert desk.ask(Cmd.PROCS, script) == 0
    assert status(desk, script)[0] == RUNNING

    desk.pass_time(1.0)

    assert status(desk, script) == (HALTED, (0,) * 10)


def test_deleting_a_running_script_takes_until_its_pause_is_over() -> None:
    desk = Desk()
    script = desk.ask(Cmd.PROC, ext=b"tag 0 mils 100 w 24 1 jmp 0")
    desk.ask(Cmd.PROCR, script)
    desk.pass_time(0.04)

    _answer, ready_at_s = desk.ask_all(Cmd.PROCD, script)

    assert ready_at_s - desk.clock.now_s == pytest.approx(0.06, abs=0.001)
    desk.pass_time(1.0)
    assert desk.wires.level(24) == 0
    assert desk.ask(Cmd.PROCD, script) == Err.BAD_SCRIPT_ID


def test_there_is_room_for_32_scripts() -> None:
    desk = Desk()

    assert [desk.ask(Cmd.PROC, ext=b"halt") for _ in range(33)] == [
        *range(32),
        Err.NO_SCRIPT_ROOM,
    ]
    desk.ask(Cmd.PROCD, 5)
    assert desk.ask(Cmd.PROC, ext=b"halt") == 5


@pytest.mark.parametrize("command", [Cmd.PROCR, Cmd.PROCU])
def test_more_than_ten_parameters_are_too_many(command: Cmd) -> None:
    desk = Desk()
    script = desk.ask(Cmd.PROC, ext=b"halt")

    assert desk.ask(command, script, ext=numbers(*range(11))) == Err.TOO_MANY_PARAM


@pytest.mark.parametrize("command", [Cmd.PROCR, Cmd.PROCU, Cmd.PROCP, Cmd.PROCS, Cmd.PROCD])
def test_a_script_that_is_not_there(command: Cmd) -> None:
    desk = Desk()

    assert desk.ask(command, 3) == Err.BAD_SCRIPT_ID
    assert desk.ask(command, 32) == Err.BAD_SCRIPT_ID


def test_a_script_can_be_slow_to_become_ready() -> None:
    desk = Desk(Setup(script_start_s=0.001))
    script = desk.ask(Cmd.PROC, ext=b"halt")
    assert status(desk, script)[0] == INITING
    assert desk.ask(Cmd.PROCR, script) == Err.SCRIPT_NOT_READY

    desk.pass_time(0.001)

    assert status(desk, script)[0] == HALTED
    assert desk.ask(Cmd.PROCR, script) == 0


def test_a_loop_without_a_pause_is_slowed_and_can_be_stopped() -> None:
    desk = Desk()
    script = desk.ask(Cmd.PROC, ext=b"tag 0 inr p0 jmp 0")
    desk.ask(Cmd.PROCR, script)
    desk.pass_time(0.1)
    assert 1000 < status(desk, script)[1][0] < 100_000

    desk.ask(Cmd.PROCS, script)
    desk.pass_time(0.1)

    assert status(desk, script)[0] == HALTED


def test_a_script_waits_for_an_edge() -> None:
    desk = Desk()
    desk.ask(Cmd.MODES, 25, INPUT)
    script = desk.ask(Cmd.PROC, ext=b"wait p0 sta p1 w 24 1")
    desk.ask(Cmd.PROCR, script, ext=numbers(1 << 25))
    desk.pass_time(1.0)
    assert status(desk, script)[0] == WAITING

    desk.wires.drive_input(25, 1)
    desk.pass_time(0.002)

    assert status(desk, script) == (HALTED, (1 << 25, 1 << 25, *[0] * 8))
    assert desk.wires.level(24) == 1


def test_a_script_waits_for_an_event() -> None:
    desk = Desk()
    script = desk.ask(Cmd.PROC, ext=b"evtwt 32 sta p0")
    desk.ask(Cmd.PROCR, script)
    desk.ask(Cmd.EVT, 4)
    desk.pass_time(0.01)
    assert status(desk, script)[0] == WAITING

    desk.ask(Cmd.EVT, 5)
    desk.pass_time(0.01)

    assert status(desk, script) == (HALTED, (32, *[0] * 9))


def test_a_waiting_script_stops_at_once() -> None:
    desk = Desk()
    script = desk.ask(Cmd.PROC, ext=b"wait 1")
    desk.ask(Cmd.PROCR, script)
    desk.pass_time(0.01)

    desk.ask(Cmd.PROCS, script)

    assert status(desk, script)[0] == HALTED


def test_without_alerts_a_wait_never_ends() -> None:
    desk = Desk(Setup(alerts=False))
    script = desk.ask(Cmd.PROC, ext=b"wait -1")
    desk.ask(Cmd.PROCR, script)
    desk.pass_time(0.01)

    desk.wires.drive_input(25, 1)
    desk.pass_time(1.0)

    assert status(desk, script)[0] == WAITING
