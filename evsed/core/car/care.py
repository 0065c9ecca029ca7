# SPDX-License-Identifier: GPL-3.0-or-later
"""The needs of the car that is plugged in: its owner's settings, and what its behaviour shows.

`CarCare` gets every event of the state machine and is asked once a second. Its answer goes
three ways: `needs` to the allotment, `wake` to the state machine, `note` to the page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from evsed.core.car.breaks_off import BreaksOff
from evsed.core.car.interruptions import Interruptions
from evsed.core.car.least_current import LeastCurrent
from evsed.core.car.least_search import LeastSearch
from evsed.core.car.phases_used import PhasesUsed
from evsed.core.car.wake_up import WakeUp
from evsed.core.pilot import events as ev
from evsed.core.pilot.causes import CauseKind
from evsed.core.solar.car_needs import CarNeeds
from evsed.core.text import text

FLINCHES = 2
"""So many openings of S2 right after a change of the offer make a habit."""

FLINCH_S = 3.0
"""For so long after such an opening the car is taken to ask on."""

FLINCH_CHANGE_A = 2.0
"""A car that flinches is offered changes of at least this ..."""

FLINCH_EVERY_S = 660.0
"""... and no more often than this: each costs a closing, and 60 a day are enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarCareConfig:
    """The settings of the owner for the car."""

    wake_up: bool = True
    """Wake a car that leaves an offer untaken."""
    wake_first: bool = False
    """Wake the car at the beginning of every offer, too."""
    most_interruptions: int = 0
    """The interruptions of a charge that the car bears in one stay; 0: not known."""
    soft_start_s: float = 0.0
    """The least current for so long after each begin of a charge; 0: learned where needed."""
    welcome_s: float = 0.0
    """The least current for so long after the car was plugged in, whatever the sun gives."""
    phases: int = 0
    """The phases that the car uses; 0: not known."""
    supply_phases: int = 1
    """The phases that the box has."""
    cp_relay: bool = False
    """The box can open the pilot's line to the car."""


@dataclass(frozen=True, slots=True)
class CarNote:
    """A sentence about the car for people; `summary` replaces the page's, "" where it does not."""

    text: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Care:
    """The answer of a second: the car's *needs*, whether to *wake* it, and a *note* for people."""

    needs: CarNeeds
    wake: bool = False
    open_s: float = 0.0
    """Wake it by opening the pilot's line for so long; 0: by state F."""
    note: CarNote | None = None

    @property
    def idle(self) -> bool:
        """True while the car leaves its offer untaken: it is asleep, has finished or given up."""
        return self.note is not None and bool(self.note.summary)


FINISHED: Final = text("The car has finished")
GAVE_UP: Final = text("The car has given up")
ASLEEP: Final = text("The car seems asleep")
"""Summaries that programs may go by."""

TAKES_NOTHING = CarNote(
    text(
        "by the feed it takes next to nothing: it may be full, asleep, or waiting for its own timer"
    ),
    text("The car takes nothing"),
)


class CarCare:
    """One connector. `on_event()` with every event, `update()` about once a second."""

    def __init__(self, settings: CarCareConfig) -> None:
        self._settings = settings
        self.interruptions = Interruptions(settings.most_interruptions)
        self._asked_by_owner = False
        self._begin_stay(0.0)

    def _begin_stay(self, now: float) -> None:
        self._plugged_at = now
        self._charging = False
        self._flinches, self._flinched_at = 0, -math.inf
        self.least = LeastCurrent()
        self.search = LeastSearch()
        relay = self._settings.cp_relay
        self.wake_up = WakeUp(first=self._settings.wake_first, relay=relay)
        self.breaks_off = BreaksOff()
        self.phases_used = PhasesUsed(self._settings.supply_phases, self._settings.phases)

    def request_wake(self) -> None:
        """Wake the car at the next `update()`: its owner asked for it."""
        self._asked_by_owner = True

    def on_event(self, event: ev.Event) -> None:
        """Take note of an event of the state machine."""
        match event:
            case ev.CarPluggedIn():
                self._begin_stay(event.at)
            case ev.CarUnplugged():
                self.interruptions.on_unplugged()
            case ev.CarFlinched():
                self._flinches += 1
                self._flinched_at = event.at
            case ev.ContactorClosed():
                self._charging = True
            case ev.ContactorOpened():
                self._charging = event.at - self._flinched_at < FLINCH_S
            case ev.OfferWithdrawn():
                if self._charging and event.cause.kind is CauseKind.LIMIT:
                    self.interruptions.on_interrupted()
            case ev.CarWoken():
                self.wake_up.on_woken(event.at)
                self.least.forget_wait()
                self.search.on_woken()
            case _:
                pass

    def update(
        self,
        now: float,
        offered_a: float,
        *,
        plugged: bool,
        asks: bool,
        holds: bool,
        takes_nothing: bool = False,
        currents_a: tuple[float, ...] = (),
        fed_phases: int = 0,
    ) -> Care:
        """Return the care for the car at *now*.

        It is offered *offered_a* amperes (0: nothing) and *asks* for power or does not. The offer
        *holds* where what allows it is there to stay for the moment. *takes_nothing*: it asks, and
        the feed shows that it takes next to nothing. *currents_a* is what a meter reads on each
        phase, *fed_phases* how many the car uses by the feed's answers; 0: not known.
        """
        if not plugged:
            used = self.phases_used
            return Care(CarNeeds(phases=used.phases, phases_known=used.settled))
        self.phases_used.update(now, currents_a)
        self.phases_used.on_feed(fed_phases)
        settings, offered = self._settings, offered_a > 0.0
        asks = asks or (offered and now - self._flinched_at < FLINCH_S)
        takes = asks and not takes_nothing
        self.least.update(now, offered_a, asks=takes)
        self.search.update(now, offered_a, asks=takes, works_a=self.least.works_a)
        learned_a = self.least.least_a or 0.0
        self.breaks_off.update(now, offered_a, max(6.0, learned_a), charging=self._charging)
        wake = self.wake_up.update(now, offered=offered, asks=asks, holds=holds)
        called = self.wake_up.asleep or not settings.wake_up
        self.interruptions.update(now, offered=offered, asks=asks, called=called)
        wake = (wake and settings.wake_up) or (self._asked_by_owner and not asks)
        self._asked_by_owner = False
        flinches = self._flinches >= FLINCHES
        needs = CarNeeds(
            least_a=max(6.0, learned_a),
            phases=self.phases_used.phases,
            phases_known=self.phases_used.settled,
            soft_start_s=settings.soft_start_s or self.breaks_off.soft_start_s,
            change_by_a=FLINCH_CHANGE_A if flinches else 0.0,
            rises_after_s=self.least.rises_after_s,
            change_every_s=FLINCH_EVERY_S if flinches else 0.0,
            welcome=now - self._plugged_at < settings.welcome_s,
            uninterrupted=self.interruptions.spent,
            search_a=self.search.offer_a,
        )
        if takes_nothing and offered:
            note: CarNote | None = TAKES_NOTHING
        else:
            note = self._describe(offered=offered, asks=asks)
        return Care(needs, wake, self.wake_up.call.open_s if wake else 0.0, note)

    def _describe(self, *, offered: bool, asks: bool) -> CarNote | None:
        """The sentence about the car where there is something to say."""
        if offered and not asks and not self.search.offer_a:
            if self.wake_up.finished:
                return CarNote(text("the car ended its charge by itself"), FINISHED)
            if self.interruptions.gave_up:
                return CarNote(
                    text(
                        "it begins no more after {count} interruptions: unplug it and plug it in "
                        "again; a limit in car.most_interruptions avoids that",
                        count=self.interruptions.count,
                    ),
                    GAVE_UP,
                )
            if self.wake_up.asleep:
                return CarNote(self._describe_sleep(), ASLEEP)
        return self._describe_habit()

    def _describe_sleep(self) -> str:
        tries, left_s = self.wake_up.tries, self.wake_up.next_s
        times = text("once") if tries == 1 else text("{tries} times", tries=tries)
        if left_s is None:
            return text(
                "evsed tried to wake it {times}; if it is not full, press its key, or unplug it "
                "and plug it in again",
                times=times,
            )
        return text(
            "evsed tried to wake it {times}, the next try is in {left_min:.0f} min; if it is not "
            "full, press its key, or unplug it and plug it in again",
            times=times,
            left_min=left_s / 60 + 1,
        )

    def _describe_habit(self) -> CarNote | None:
        soft_s = self.breaks_off.soft_start_s
        if self._flinches >= FLINCHES:
            return CarNote(
                text("the car pauses at each change of the offer, so evsed changes it seldom")
            )
        if soft_s and not self._settings.soft_start_s:
            return CarNote(
                text(
                    "the car breaks off high begins, so it begins low for {soft_s:.0f} s",
                    soft_s=soft_s,
                )
            )
        if least_a := self.least.least_a:
            if self.least.begun:
                return CarNote(text("this car charges from {least_a:.1f} A on", least_a=least_a))
            return CarNote(
                text(
                    "the car ends its charge at less, so evsed offers {least_a:.1f} A at least",
                    least_a=least_a,
                )
            )
        if self.least.refuses_all:
            return CarNote(
                text(
                    "the car ends each charge by itself within a minute, at any current: its "
                    "charger, or the voltage of the mains, may be at fault"
                )
            )
        used, has = self.phases_used.phases, self._settings.supply_phases
        if 0 < used < has:
            return CarNote(text("this car uses {used} of the {has} phases", used=used, has=has))
        if self.interruptions.spent:
            return CarNote(
                text(
                    "it has had the {most} interruptions that it bears",
                    most=self.interruptions.most or 0,
                )
            )
        return None
