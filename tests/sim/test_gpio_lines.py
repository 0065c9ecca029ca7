# SPDX-License-Identifier: GPL-3.0-or-later
"""The pins of a simulated Pi."""

from evsed.sim.gpio_lines import ALT5, INPUT, OUTPUT, PULL_UP, GpioLines, PwmWave, WireEvent
from tests.sim.pigpiod.pigpiod_kit import MadeUpClock


def test_at_power_up_gpio_0_to_8_are_pulled_up_and_the_others_are_low() -> None:
    wires = GpioLines(MadeUpClock())

    assert [wires.level(gpio) for gpio in range(28)] == [1] * 9 + [0] * 19
    assert wires.word(0.0) == 0x1FF


def test_an_output_latch_shows_only_on_an_output() -> None:
    wires = GpioLines(MadeUpClock())
    wires.write(23, 1, 1.0)
    assert wires.level(23) == 0

    wires.set_mode(23, OUTPUT, 2.0)

    assert wires.level(23) == 1
    assert wires.history() == (WireEvent(2.0, "mode", 23, 1), WireEvent(2.0, "level", 23, 1))


def test_writing_what_a_pin_already_has_is_no_event() -> None:
    wires = GpioLines(MadeUpClock())
    wires.set_mode(23, OUTPUT, 1.0)
    wires.write(23, 1, 2.0)
    wires.write(23, 1, 3.0)

    assert [event for event in wires.history() if event.kind == "level"] == [
        WireEvent(2.0, "level", 23, 1)
    ]


def test_an_input_follows_what_drives_it_before_its_pull() -> None:
    wires = GpioLines(MadeUpClock())
    wires.set_pull(24, PULL_UP, 0.0)
    assert wires.level(24) == 1

    wires.drive_input(24, 0, 1.0)
    assert wires.level(24) == 0

    wires.drive_input(24, None, 2.0)
    assert wires.level(24) == 1


def test_hardware_pwm_is_high_first_in_each_period() -> None:
    wires = GpioLines(MadeUpClock())
    wires.set_mode(18, ALT5, 10.0)
    wires.set_channel(0, 1000.0, 0.25, 10.0)

    assert wires.pwm(18) == PwmWave(1000.0, 0.25, 10.0)
    assert [wires.level(18, 10.005 + us * 1e-6) for us in (10, 240, 260, 990)] == [1, 1, 0, 0]


def test_a_new_duty_keeps_the_phase_and_a_new_frequency_does_not() -> None:
    wires = GpioLines(MadeUpClock())
    wires.set_mode(18, ALT5, 10.0)
    wires.set_channel(0, 1000.0, 0.25, 10.0)
    wires.set_channel(0, 1000.0, 0.75, 11.0004)
    assert wires.pwm(18) == PwmWave(1000.0, 0.75, 10.0)

    wires.set_channel(0, 500.0, 0.75, 12.0)
    assert wires.pwm(18) == PwmWave(500.0, 0.75, 12.0)


def test_steady_duties_are_steady_with_the_pwm_running() -> None:
    wires = GpioLines(MadeUpClock())
    wires.set_mode(18, ALT5, 0.0)
    wires.set_channel(0, 1000.0, 1.0, 0.0)
    assert {wires.level(18, us * 1e-5) for us in range(200)} == {1}

    wires.set_channel(0, 1000.0, 0.0, 0.0)
    assert {wires.level(18, us * 1e-5) for us in range(200)} == {0}


def test_a_pin_taken_from_the_pwm_no_longer_carries_it() -> None:
    wires = GpioLines(MadeUpClock())
    wires.set_mode(18, ALT5, 0.0)
    wires.set_channel(0, 1000.0, 0.5, 0.0)

    wires.set_mode(18, INPUT, 1.0)

    assert wires.pwm(18) is None
    assert wires.history()[-1] == WireEvent(1.0, "pwm_off", 18, 0)


def test_the_history_forgets_the_oldest() -> None:
    wires = GpioLines(MadeUpClock(), history_size=3)
    wires.set_mode(23, OUTPUT, 0.0)
    for count in range(1, 10):
        wires.write(23, count % 2, float(count))

    assert [event.at_s for event in wires.history()] == [7.0, 8.0, 9.0]
