# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated pigpiod without sockets, on made-up time: what it does and never undoes."""

import struct
from itertools import pairwise

import pytest

from evsed.sim.gpio_lines import ALT0, PwmWave
from evsed.sim.pigpiod.machine import PI_3B, PigpioMachine, Setup
from evsed.sim.pigpiod.protocol import Cmd, Err
from tests.sim.pigpiod.pigpiod_kit import Desk

SPIX_FRAME = b"\x01\x80\x00"


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


class Probe:
    """An SPI device that remembers when it was sampled."""

    def __init__(self) -> None:
        self.moments: list[float] = []

    def __call__(self, _channel: int, tx: bytes, at_s: float, _clock_hz: float) -> bytes:
        self.moments.append(at_s)
        return bytes(len(tx))


# -- hardware PWM ----------------------------------------------------------------------------------
@pytest.mark.parametrize(("setup", "steps"), [(Setup(), 375_000), (Setup(revision=PI_3B), 250_000)])
def test_the_duty_on_the_wire_is_cut_to_whole_steps(setup: Setup, steps: int) -> None:
    desk = Desk(setup)
    desk.ask(Cmd.HP, 18, 1000, 533_333)

    wave = desk.wires.pwm(18)

    assert wave is not None
    assert wave.frequency_hz == 1000.0
    assert wave.duty == (533_333 * steps // 1_000_000) / steps
    assert desk.ask(Cmd.PRRG, 18) == steps


def test_gpio_12_and_18_share_a_channel() -> None:
    desk = Desk()
    desk.ask(Cmd.HP, 18, 1000, 250_000)
    desk.ask(Cmd.HP, 12, 1000, 500_000)

    waves = [desk.wires.pwm(gpio) for gpio in (12, 18)]

    assert [wave.duty for wave in waves if wave is not None] == [0.5, 0.5]
    assert [desk.ask(Cmd.GDC, gpio) for gpio in (12, 18)] == [500_000, 500_000]


def test_frequency_0_stops_the_pwm_low_and_the_pin_stays_connected() -> None:
    desk = Desk()
    desk.ask(Cmd.HP, 18, 1000, 1_000_000)
    desk.ask(Cmd.HP, 18, 0, 0)

    assert desk.wires.pwm(18) is None
    assert desk.wires.level(18) == 0
    assert desk.ask(Cmd.MODEG, 18) == 2
    assert desk.ask(Cmd.GDC, 18) == Err.NOT_PWM_GPIO


@pytest.mark.parametrize(
    "stealing",
    [(Cmd.WVTX, 0), (Cmd.WVTXR, 0), (Cmd.WVTXM, 0, 1), (Cmd.WVCHA, 0, 0, b"\0")],
    ids=["once", "repeated", "mode", "chain"],
)
def test_a_wave_of_any_client_stops_hardware_pwm_on_all_pins(
    stealing: tuple[Cmd, int] | tuple[Cmd, int, int] | tuple[Cmd, int, int, bytes],
) -> None:
    desk = Desk()
    desk.ask(Cmd.HP, 18, 1000, 250_000)
    desk.ask(Cmd.HP, 13, 1000, 250_000)
    other = Desk.__new__(Desk)
    other.__dict__ = desk.__dict__ | {"conn": desk.machine.connect()}
    other.ask(Cmd.WVAG, 0, 0, struct.pack("<III", 1 << 24, 0, 100))
    assert other.ask(Cmd.WVCRE) == 0
    assert desk.ask(Cmd.GDC, 18) == 250_000

    assert other.ask(*stealing) >= 0

    for gpio in (18, 13):
        assert desk.ask(Cmd.GDC, gpio) == Err.NOT_PWM_GPIO
        assert desk.wires.pwm(gpio) is None
        assert desk.wires.level(gpio) == 0


def test_a_wave_plays_on_the_pins_in_time() -> None:
    desk = Desk()
    desk.ask(Cmd.WRITE, 24, 0)
    pulses = struct.pack("<6I", 1 << 24, 0, 200, 0, 1 << 24, 300)
    desk.ask(Cmd.WVAG, 0, 0, pulses)
    wave = desk.ask(Cmd.WVCRE)
    begun_s = desk.clock.now_s
    desk.ask(Cmd.WVTX, wave)
    assert (desk.ask(Cmd.WVBSY), desk.ask(Cmd.WVTAT)) == (1, wave)

    desk.pass_time(0.01)

    edges = [event.at_s - begun_s for event in desk.wires.history()[-2:]]
    assert edges == pytest.approx([0.0, 200e-6], abs=20e-6)
    assert (desk.ask(Cmd.WVBSY), desk.ask(Cmd.WVTAT)) == (0, 9999)


def test_with_the_pwm_as_clock_hardware_pwm_is_refused() -> None:
    desk = Desk(Setup(pwm_is_clock=True))

    assert desk.ask(Cmd.HP, 18, 1000, 500_000) == Err.HPWM_ILLEGAL
    assert desk.wires.pwm(18) is None


# -- what survives ---------------------------------------------------------------------------------
def test_nothing_is_undone_when_a_client_dies() -> None:
    desk = Desk()
    desk.ask(Cmd.HP, 18, 1000, 250_000)
    desk.ask(Cmd.WRITE, 23, 1)
    desk.ask(Cmd.SPIO, 0, 650_000, 0)
    desk.machine.disconnect(desk.conn)
    desk.pass_time(3600.0)

    desk.conn = desk.machine.connect()

    assert desk.wires.level(23) == 1
    assert desk.ask(Cmd.GDC, 18) == 250_000
    assert desk.ask(Cmd.SPIO, 0, 650_000, 0) == 1


def test_a_dead_daemon_leaves_outputs_and_pwm_and_takes_handles_and_scripts() -> None:
    desk = Desk()
    desk.ask(Cmd.HP, 18, 1000, 250_000)
    desk.ask(Cmd.WRITE, 23, 1)
    desk.ask(Cmd.SPIO, 0, 650_000, 0)
    desk.ask(Cmd.PROC, ext=b"halt")
    before = desk.wires.pwm(18)
    desk.machine.close()

    later = Desk(wires=desk.wires, clock=desk.clock)

    assert later.wires.level(23) == 1
    assert later.wires.pwm(18) == before
    assert later.ask(Cmd.MODEG, 18) == 2
    assert later.ask(Cmd.SPIO, 0, 650_000, 0) == 0
    assert later.ask(Cmd.PROCP, 0) == Err.BAD_SCRIPT_ID


def test_a_new_daemon_does_not_know_the_pwm_until_it_sets_it_again() -> None:
    desk = Desk()
    desk.ask(Cmd.HP, 18, 1000, 250_000)
    later = Desk(wires=desk.wires, clock=desk.clock)
    assert later.ask(Cmd.GDC, 18) == Err.NOT_PWM_GPIO
    assert later.ask(Cmd.PFG, 18) == 800

    later.pass_time(5.0)
    later.ask(Cmd.HP, 18, 1000, 250_000)

    assert later.ask(Cmd.GDC, 18) == 250_000
    # the first one of a daemon's life restarts the PWM clock
    assert later.wires.pwm(18) == PwmWave(1000.0, 0.25, later.clock.now_s)


def test_spi_handles_leak_until_there_are_none() -> None:
    desk = Desk()
    for handle in range(32):
        desk.conn = desk.machine.connect()
        assert desk.ask(Cmd.SPIO, 0, 650_000, 0) == handle
        desk.machine.disconnect(desk.conn)
    desk.conn = desk.machine.connect()

    assert desk.ask(Cmd.SPIO, 0, 650_000, 0) == Err.NO_HANDLE
    assert desk.ask(Cmd.SPIC, 17) == 0
    assert desk.ask(Cmd.SPIO, 0, 650_000, 0) == 17


# -- permissions and pins --------------------------------------------------------------------------
def test_only_permitted_gpio_can_be_changed() -> None:
    desk = Desk(Setup(permitted=1 << 23))

    assert desk.ask(Cmd.WRITE, 23, 1) == 0
    assert desk.ask(Cmd.WRITE, 24, 1) == Err.NOT_PERMITTED
    assert desk.ask(Cmd.HP, 18, 1000, 0) == Err.NOT_PERMITTED
    assert desk.ask(Cmd.BS1, 1 << 24 | 1 << 23) == Err.SOME_PERMITTED
    assert desk.ask(Cmd.READ, 24) == 0
    assert desk.ask(Cmd.WRITE, 54, 1) == Err.BAD_GPIO


def test_spi_leaves_the_chip_select_pins_that_its_flags_name() -> None:
    desk = Desk()

    desk.ask(Cmd.SPIO, 0, 650_000, 1 << 6)

    assert [desk.ask(Cmd.MODEG, gpio) for gpio in (7, 8, 9, 10, 11)] == [0, *[ALT0] * 4]


def test_software_pwm_and_servo_are_waves_on_the_pin() -> None:
    desk = Desk()
    desk.ask(Cmd.PFS, 23, 1000)
    desk.ask(Cmd.PWM, 23, 51)
    wave = desk.wires.pwm(23)
    assert wave is not None
    assert (wave.frequency_hz, wave.duty) == (1000.0, 0.2)

    desk.ask(Cmd.SERVO, 23, 1500)
    wave = desk.wires.pwm(23)
    assert wave is not None
    assert wave.frequency_hz == 50.0
    assert wave.duty == pytest.approx(0.075)

    desk.ask(Cmd.WRITE, 23, 1)
    assert desk.wires.pwm(23) is None
    assert desk.wires.level(23) == 1


# -- time ------------------------------------------------------------------------------------------
def test_a_conversion_takes_24_clocks_and_the_overhead() -> None:
    probe = Probe()
    desk = Desk(Setup(spi_overhead_s=(12e-6, 12e-6)), probe)
    desk.ask(Cmd.SPIO, 0, 500_000, 0)
    desk.pass_time(1.0)

    _answer, ready_at_s = desk.ask_all(Cmd.SPIX, 0, 0, SPIX_FRAME)

    assert ready_at_s - desk.clock.now_s == pytest.approx(24 / 500_000 + 12e-6)
    assert probe.moments[0] - desk.clock.now_s == pytest.approx(6e-6 + 12.75 / 500_000)


def test_pipelined_conversions_come_one_after_the_other_not_locked_to_the_pilot() -> None:
    probe = Probe()
    desk = Desk(device=probe)
    desk.ask(Cmd.SPIO, 0, 650_000, 0)
    desk.pass_time(1.0)

    ready_s = [desk.ask_all(Cmd.SPIX, 0, 0, SPIX_FRAME)[1] for _ in range(64)]

    gaps_s = [later - earlier for earlier, later in pairwise(probe.moments)]
    assert all(46e-6 < gap_s < 52e-6 for gap_s in gaps_s)
    assert len(set(gaps_s)) > 50
    assert ready_s[-1] - desk.clock.now_s == pytest.approx(64 * 49e-6, rel=0.05)


def test_two_clients_share_the_bus() -> None:
    desk = Desk(Setup(spi_overhead_s=(0.0, 0.0)), Probe())
    desk.ask(Cmd.SPIO, 0, 500_000, 0)
    desk.pass_time(1.0)
    now_s, other = desk.clock.now_s, desk.machine.connect()

    first = desk.machine.handle(desk.conn, Cmd.SPIX, 0, 0, SPIX_FRAME, now_s)[1]
    second = desk.machine.handle(other, Cmd.SPIX, 0, 0, SPIX_FRAME, now_s)[1]

    assert [first - now_s, second - now_s] == pytest.approx([48e-6, 96e-6])


def test_a_tick_between_conversions_tells_their_time() -> None:
    desk = Desk(device=Probe())
    desk.ask(Cmd.SPIO, 0, 650_000, 0)
    desk.pass_time(1.0)

    ticks = []
    for _ in range(10):
        ticks.append(desk.ask(Cmd.TICK) & 0xFFFFFFFF)
        desk.ask_all(Cmd.SPIX, 0, 0, SPIX_FRAME)

    assert all(50 <= later - earlier <= 60 for earlier, later in pairwise(ticks))


def test_a_core_clock_of_500_mhz_doubles_the_rate_asked_for() -> None:
    probe = Probe()
    desk = Desk(Setup(spi_core_hz=500e6, spi_overhead_s=(0.0, 0.0)), probe)
    desk.ask(Cmd.SPIO, 0, 650_000, 0)
    desk.pass_time(1.0)

    _answer, ready_at_s = desk.ask_all(Cmd.SPIX, 0, 0, SPIX_FRAME)

    assert ready_at_s - desk.clock.now_s == pytest.approx(24 / (500e6 / 384))


def test_a_delay_keeps_its_own_connection_busy_and_no_other() -> None:
    desk = Desk()
    other = desk.machine.connect()
    now_s = desk.clock.now_s
    _answer, delayed_s = desk.machine.handle(desk.conn, Cmd.MILS, 200, 0, b"", now_s)

    assert delayed_s - now_s == pytest.approx(0.2, abs=1e-4)
    assert desk.machine.handle(other, Cmd.READ, 24, 0, b"", now_s)[1] - now_s < 1e-4
    assert desk.machine.handle(desk.conn, Cmd.READ, 24, 0, b"", now_s)[1] > delayed_s


def test_the_tick_wraps_after_71_minutes() -> None:
    desk = Desk()
    desk.clock.now_s = 2**32 / 1e6 + 0.5

    assert desk.ask(Cmd.TICK) == pytest.approx(500_000, abs=2)


def test_the_machine_tells_when_something_is_due() -> None:
    desk = Desk()
    assert desk.machine.next_due_s() == float("inf")
    script = desk.ask(Cmd.PROC, ext=b"mils 50 w 24 1")
    desk.ask(Cmd.PROCR, script)
    desk.pass_time(0.0001)

    assert desk.machine.next_due_s() - desk.clock.now_s == pytest.approx(0.05, abs=0.001)


# -- odds and ends ---------------------------------------------------------------------------------
def test_a_missing_extension_is_what_was_left_on_the_stack() -> None:
    desk = Desk()
    desk.ask(Cmd.HP, 18, 1000, u32(0x0008_2355))

    assert desk.ask(Cmd.HP, 18, 1000, b"") == 0

    assert desk.ask(Cmd.GDC, 18) == 0x0008_2300
    assert desk.machine.missing_extensions == 1


def test_commands_that_are_not_simulated_are_noted() -> None:
    desk = Desk()

    assert desk.ask(Cmd.SLRO, 4, 9600, 8) == Err.UNKNOWN_COMMAND
    assert desk.machine.not_simulated == {Cmd.SLRO: 1}


def test_without_a_device_miso_is_low() -> None:
    desk = Desk()
    desk.ask(Cmd.SPIO, 0, 650_000, 0)

    assert desk.ask_all(Cmd.SPIX, 0, 0, SPIX_FRAME)[0][16:] == bytes(3)


def test_a_long_read_echoes_the_count_it_was_cut_to() -> None:
    desk = Desk()
    desk.ask(Cmd.SPIO, 0, 125_000_000, 0)

    answer, _ready = desk.ask_all(Cmd.SPIR, 0, 70_000)

    assert struct.unpack_from("<IIIi", answer) == (Cmd.SPIR, 0, 65_535, 65_535)


def test_a_closed_machine_no_longer_follows_the_wires() -> None:
    desk = Desk()
    listeners = len(desk.wires.listeners)

    desk.machine.close()
    desk.machine.close()

    assert len(desk.wires.listeners) == listeners - 1
    assert isinstance(desk.machine, PigpioMachine)
