# SPDX-License-Identifier: GPL-3.0-or-later
"""When a car that leaves its offer untaken is woken, and when it is left alone."""

from __future__ import annotations

from evsed.core.car.wake_up import WakeUp


class Night:
    """A wake-up, a clock of seconds, and the moments at which it called."""

    def __init__(self, *, relay: bool = False) -> None:
        self.wake_up = WakeUp(relay=relay)
        self.opened: list[float] = []
        self.now = 0
        self.calls: list[int] = []

    def run(self, for_s: int, *, offered: bool, asks: bool = False, holds: bool = True) -> None:
        """Let *for_s* seconds pass; a call is carried out at once."""
        for _ in range(for_s):
            if self.wake_up.update(float(self.now), offered=offered, asks=asks, holds=holds):
                self.opened.append(self.wake_up.call.open_s)
                self.wake_up.on_woken(float(self.now))
                self.calls.append(self.now)
            self.now += 1


def test_an_untaken_offer_wakes_the_car_after_three_minutes_and_then_more_and_more_rarely() -> None:
    night = Night()
    night.run(8 * 3600, offered=True)
    assert night.calls == [180, 780, 2580, 6180]


def test_with_the_relay_each_f_is_followed_by_an_open_line_a_minute_later() -> None:
    night = Night(relay=True)
    night.run(8 * 3600, offered=True)
    assert night.calls == [180, 240, 840, 900, 2700, 2760, 6360, 6420]
    assert night.opened == [0, 4, 0, 30, 0, 30, 0, 30]


def test_a_car_that_only_the_open_line_wakes_is_called_by_both_soon_the_next_time() -> None:
    night = Night(relay=True)
    night.run(245, offered=True)
    assert night.opened == [0, 4]
    night.run(600, offered=True, asks=True)
    night.run(3, offered=False, asks=True)
    night.run(600, offered=False)
    began = night.now
    night.run(90, offered=True)
    assert night.calls[2:] == [began + 20, began + 80]
    assert night.opened[2:] == [0, 4]


def test_an_offer_may_begin_with_a_call_and_is_not_called_again_soon() -> None:
    wake_up = WakeUp(first=True)
    assert wake_up.update(0.0, offered=True, asks=False, holds=True)
    wake_up.on_woken(0.0)
    assert not wake_up.update(4.0, offered=False, asks=False, holds=True)
    assert not wake_up.update(8.0, offered=True, asks=False, holds=True)
    assert not wake_up.update(10.0, offered=True, asks=True, holds=True)
    assert not wake_up.update(600.0, offered=False, asks=False, holds=True)
    assert wake_up.update(900.0, offered=True, asks=False, holds=True)


def test_a_car_that_takes_its_offer_is_not_woken() -> None:
    night = Night()
    night.run(3, offered=True)
    night.run(7200, offered=True, asks=True)
    assert night.calls == []


def test_a_car_that_ended_its_charge_by_itself_is_left_alone() -> None:
    night = Night()
    night.run(2, offered=True)
    night.run(600, offered=True, asks=True)
    night.run(3600, offered=True)
    night.run(3600, offered=False)
    night.run(8 * 3600, offered=True)
    assert night.calls == []
    assert night.wake_up.finished


def test_a_car_whose_charge_the_station_ended_is_woken() -> None:
    night = Night()
    night.run(2, offered=True)
    night.run(600, offered=True, asks=True)
    night.run(3, offered=False, asks=True)
    night.run(3600, offered=False)
    night.run(200, offered=True)
    assert len(night.calls) == 1


def test_no_car_is_woken_for_an_offer_that_will_not_hold() -> None:
    night = Night()
    night.run(600, offered=True, holds=False)
    assert night.calls == []
    night.run(2, offered=True)
    assert len(night.calls) == 1


def test_a_slow_car_is_left_its_time_once_it_has_shown_it() -> None:
    night = Night()
    night.run(170, offered=True)
    night.run(60, offered=True, asks=True)
    night.run(3, offered=False, asks=True)
    night.run(600, offered=False)
    night.run(250, offered=True)
    assert night.calls == []


def test_a_car_that_a_call_has_woken_is_called_soon_the_next_time() -> None:
    night = Night()
    night.run(185, offered=True)
    night.run(600, offered=True, asks=True)
    night.run(3, offered=False, asks=True)
    night.run(600, offered=False)
    began = night.now
    night.run(30, offered=True)
    assert night.calls[1:] == [began + 20]


def test_a_car_that_takes_no_offer_without_a_call_is_called_at_once_from_the_third_on() -> None:
    night = Night()
    waited = []
    for called_s in (185, 25, 5, 5):
        began = night.now
        night.run(called_s, offered=True)
        waited.append(night.calls[-1] - began)
        night.run(600, offered=True, asks=True)
        night.run(3, offered=False, asks=True)
        night.run(600, offered=False)
    assert waited == [180, 20, 0, 0]


def test_a_car_that_begins_by_itself_in_between_is_left_its_20_s_again() -> None:
    night, began = Night(), 0
    for offered_s in (185, 5, 25, 25):
        began = night.now
        night.run(offered_s, offered=True)
        night.run(600, offered=True, asks=True)
        night.run(3, offered=False, asks=True)
        night.run(600, offered=False)
    assert len(night.calls) == 3
    assert night.calls[-1] == began + 20


def test_a_heavy_sleeper_is_called_as_often_as_it_took() -> None:
    night = Night()
    night.run(800, offered=True)
    assert len(night.calls) == 2
    night.run(600, offered=True, asks=True)
    night.run(3, offered=False, asks=True)
    night.run(600, offered=False)
    began = night.now
    night.run(120, offered=True)
    assert night.calls[2:] == [began + 20, began + 80]
