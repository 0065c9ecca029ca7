# SPDX-License-Identifier: GPL-3.0-or-later
"""The needs of the plugged car, from its owner's settings and from what it does."""

from __future__ import annotations

from evsed.core.car.breaks_off import BreaksOff
from evsed.core.car.care import TAKES_NOTHING, CarCare, CarCareConfig, Care
from evsed.core.car.interruptions import Interruptions
from evsed.core.pilot import causes
from evsed.core.pilot import events as ev
from evsed.core.pilot.causes import Cause


class Stay:
    """One stay of a car, in seconds."""

    def __init__(self, **settings: float) -> None:
        self.care = CarCare(CarCareConfig(**settings))  # type: ignore[arg-type]  # of any kind
        self.now = 0.0
        self.plug_in()

    def plug_in(self) -> None:
        self.care.on_event(ev.CarPluggedIn(self.now))

    def run(self, for_s: int, offered_a: float = 0.0, *, asks: bool = False) -> list[Care]:
        """Let *for_s* seconds pass; the answers. A call is carried out at once."""
        answers = []
        for _ in range(for_s):
            care = self.care.update(self.now, offered_a, plugged=True, asks=asks, holds=True)
            if care.wake:
                self.care.on_event(ev.CarWoken(self.now))
            answers.append(care)
            self.now += 1.0
        return answers

    def charge(self, for_s: int, offered_a: float = 6.0) -> None:
        """Charge, until the feed ends it."""
        self.care.on_event(ev.ContactorClosed(self.now, 1))
        self.run(for_s, offered_a, asks=True)
        self.care.on_event(ev.OfferWithdrawn(self.now, Cause.limit("feed"), "no sun"))
        self.care.on_event(ev.ContactorOpened(self.now, Cause.limit("feed"), "no sun"))
        self.run(60)


def test_an_ordinary_car_needs_nothing_and_is_not_mentioned() -> None:
    stay = Stay()
    stay.run(2, 6.0)
    stay.care.on_event(ev.CarAsked(stay.now))
    answers = stay.run(600, 10.0, asks=True)
    assert answers[-1] == Care(answers[-1].needs)
    assert answers[-1].needs.least_a == 6.0


def test_without_a_car_nothing_is_needed() -> None:
    care = CarCare(CarCareConfig()).update(0.0, 0.0, plugged=False, asks=False, holds=True)
    assert not care.wake


def test_a_car_that_seems_asleep_is_named_with_the_step_that_helps() -> None:
    care = Stay().run(200, 6.0)[-1]
    assert care.note is not None
    assert care.note.summary == "The car seems asleep"
    assert "evsed tried to wake it once, the next try is in" in care.note.text
    assert "press its key" in care.note.text


def test_a_car_that_no_try_has_woken_is_not_promised_another() -> None:
    note = Stay().run(9000, 6.0)[-1].note
    assert note is not None
    assert note.text.startswith("evsed tried to wake it 4 times; ")


def test_no_car_is_woken_where_its_owner_has_switched_that_off() -> None:
    assert not any(care.wake for care in Stay(wake_up=False).run(3600, 6.0))


def test_the_owner_may_have_a_car_woken_at_once() -> None:
    stay = Stay(wake_up=False)
    stay.run(5, 6.0)
    stay.care.request_wake()
    assert [care.wake for care in stay.run(3, 6.0)] == [True, False, False]


def test_a_finished_car_is_said_to_have_finished() -> None:
    stay = Stay()
    stay.run(2, 6.0)
    stay.run(600, 6.0, asks=True)
    note = stay.run(400, 6.0)[-1].note
    assert note is not None
    assert note.summary == "The car has finished"


def test_a_car_that_flinches_twice_is_offered_few_changes() -> None:
    stay = Stay()
    for _ in range(2):
        stay.run(10, 10.0, asks=True)
        stay.care.on_event(ev.CarFlinched(stay.now))
    care = stay.run(1, 10.0, asks=False)[-1]
    assert care.needs.change_by_a == 2.0
    assert care.needs.change_every_s >= 600.0
    assert care.note is not None
    assert not care.note.summary


def test_a_flinch_is_no_end_of_a_charge() -> None:
    stay = Stay()
    stay.care.on_event(ev.ContactorClosed(stay.now, 1))
    stay.run(60, 10.0, asks=True)
    stay.care.on_event(ev.CarFlinched(stay.now))
    stay.care.on_event(ev.ContactorOpened(stay.now, causes.CAR, "the car no longer asks"))
    stay.run(2, 10.0)
    stay.run(600, 10.0, asks=True)
    assert not stay.care.wake_up.finished
    assert stay.care.breaks_off.soft_start_s == 0.0


def test_another_car_is_met_without_prejudice() -> None:
    stay = Stay()
    for _ in range(2):
        stay.care.on_event(ev.CarFlinched(stay.now))
    stay.plug_in()
    assert stay.run(1, 6.0)[-1].needs.change_by_a == 0.0


def test_the_welcome_charge_lasts_as_long_as_is_set() -> None:
    stay = Stay(welcome_s=300.0)
    assert stay.run(300)[-1].needs.welcome
    assert not stay.run(2)[-1].needs.welcome


def test_a_car_with_a_limit_of_interruptions_is_spared_the_next() -> None:
    stay = Stay(most_interruptions=2)
    stay.charge(600)
    assert not stay.run(1)[-1].needs.uninterrupted
    stay.charge(600)
    care = stay.run(1)[-1]
    assert care.needs.uninterrupted
    assert care.note is not None
    assert "2 interruptions" in care.note.text


def test_a_car_that_gives_up_is_named_and_its_limit_is_learned() -> None:
    stay = Stay()
    for _ in range(3):
        stay.charge(300)
    note = stay.run(3600, 6.0)[-1].note
    assert note is not None
    assert note.summary == "The car has given up"
    assert "after 3 interruptions" in note.text
    stay.care.on_event(ev.CarUnplugged(stay.now))
    stay.plug_in()
    assert stay.care.interruptions.most == 2


def test_only_what_the_station_ends_is_an_interruption() -> None:
    stay = Stay(most_interruptions=1)
    stay.care.on_event(ev.ContactorClosed(stay.now, 1))
    fault = Cause.fault("PilotFault")
    stay.care.on_event(ev.OfferWithdrawn(stay.now, fault, "the pilot is shorted to earth"))
    stay.care.on_event(ev.ContactorOpened(stay.now, fault, "the pilot is shorted to earth"))
    stay.care.on_event(ev.OfferWithdrawn(stay.now, Cause.limit("feed"), "no sun"))
    assert stay.care.interruptions.count == 0


def test_a_car_that_goes_on_has_not_given_up() -> None:
    counted = Interruptions(0)
    counted.on_interrupted()
    for second in range(2000):
        counted.update(float(second), offered=True, asks=second > 1900, called=True)
    assert not counted.gave_up
    counted.on_unplugged()
    assert counted.most is None


def test_a_car_that_breaks_off_high_begins_is_given_softer_ones_until_it_stays() -> None:
    habit = BreaksOff()

    def begin(lasting_s: int, offered_a: float) -> None:
        for second in range(lasting_s):
            habit.update(float(second), offered_a, 6.0, charging=True)
        habit.update(float(lasting_s), offered_a, 6.0, charging=False)

    begin(10, 13.0)
    assert habit.soft_start_s == 0.0
    begin(10, 13.0)
    assert habit.soft_start_s == 30.0
    begin(35, 13.0)
    begin(35, 13.0)
    assert habit.soft_start_s == 120.0
    begin(1000, 13.0)
    begin(10, 13.0)
    assert habit.soft_start_s == 120.0
    for _ in range(9):
        begin(10, 13.0)
    assert habit.soft_start_s == 300.0


def test_a_car_that_breaks_off_soon_after_its_soft_start_is_given_a_longer_one() -> None:
    habit = BreaksOff()

    def begin(soft_s: int, lasting_s: int) -> None:
        for second in range(lasting_s):
            offered_a = 6.0 if second < soft_s else 13.0
            habit.update(float(second), offered_a, 6.0, charging=True)
        habit.update(float(lasting_s), 13.0, 6.0, charging=False)

    for soft_s in (0, 0, 30, 30, 120, 120):
        begin(soft_s, soft_s + 7)
    assert habit.soft_start_s == 300.0


def test_a_car_that_stops_at_its_least_current_breaks_off_nothing() -> None:
    habit = BreaksOff()
    for _ in range(4):
        for second in range(10):
            habit.update(float(second), 6.0, 6.0, charging=True)
        habit.update(10.0, 6.0, 6.0, charging=False)
    assert habit.soft_start_s == 0.0


def test_what_is_learned_of_a_car_is_said() -> None:
    stay = Stay()
    for _ in range(2):
        stay.run(60, 6.0)
        stay.run(2, 9.0)
        stay.run(60, 9.0, asks=True)
    note = stay.run(1, 9.0, asks=True)[-1].note
    assert note is not None
    assert note.text == "this car charges from 8.0 A on"


def test_an_offer_that_the_car_leaves_is_raised_until_it_begins() -> None:
    stay = Stay()
    stay.run(310, 6.0)
    care = stay.run(10, 6.0)[-1]
    assert care.needs.search_a == 7.0
    assert care.note is None
    assert stay.run(60, 7.0)[-1].needs.search_a == 8.0


def test_a_current_that_is_only_tried_is_not_called_the_cars_least() -> None:
    stay = Stay()
    for _ in range(2):
        stay.run(4, 6.0, asks=True)
        stay.run(15, 6.0)
    note = stay.run(1, 8.0)[-1].note
    assert note is not None
    assert note.text == "the car ends its charge at less, so evsed offers 8.0 A at least"


def test_a_car_that_ends_every_charge_at_once_is_named_with_what_may_be_wrong() -> None:
    stay, offered_a = Stay(), 6.0
    for _ in range(6):
        stay.run(10, offered_a, asks=True)
        offered_a = stay.run(20, offered_a)[-1].needs.least_a
    note = stay.run(1, 6.0)[-1].note
    assert note is not None
    assert note.text.startswith(
        "the car ends each charge by itself within a minute, at any current"
    )


def test_a_learned_soft_start_is_said() -> None:
    stay = Stay()
    for _ in range(2):
        stay.care.on_event(ev.ContactorClosed(stay.now, 1))
        stay.run(10, 13.0, asks=True)
        stay.care.on_event(ev.ContactorOpened(stay.now, causes.CAR, "the car no longer asks"))
        stay.run(20, 13.0)
    note = stay.run(1, 13.0, asks=True)[-1].note
    assert note is not None
    assert "begins low for 30 s" in note.text


def test_a_soft_start_that_is_set_needs_no_evidence() -> None:
    assert Stay(soft_start_s=45.0).run(1, 6.0)[-1].needs.soft_start_s == 45.0


def test_a_car_that_asks_and_takes_nothing_is_named_while_it_is_offered_something() -> None:
    care = CarCare(CarCareConfig())
    care.on_event(ev.CarPluggedIn(0.0))
    for offered_a, note in ((6.0, TAKES_NOTHING), (0.0, None)):
        found = care.update(1.0, offered_a, plugged=True, asks=True, holds=True, takes_nothing=True)
        assert found.note is note


def test_where_the_box_has_the_relay_the_call_after_f_opens_the_line() -> None:
    answers = Stay(cp_relay=True).run(300, 6.0)
    assert [care.open_s for care in answers if care.wake] == [0.0, 4.0]
    assert not any(care.open_s for care in answers if not care.wake)
