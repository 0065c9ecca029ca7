# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reason for the end of a charge, from the wire to the history.

On simulated time: the bench with the real control tick, the encoding of the link, the daemon's tick
handler, limits and recorder, and a real store that is read as the page and the API read it.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from evsed.control import Control
from evsed.core.energy.end_reasons import reason_for
from evsed.core.energy.sessions import EndReason, SessionRecord
from evsed.core.pilot.causes import Cause, CauseKind
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import FOREVER, OWNER_NAMES, Limit
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.claims import PROGRAMS, Claim
from evsed.core.user.controls import Controls
from evsed.core.user.weekly_window import WeeklyWindow
from evsed.frontends import web
from evsed.frontends.web.api.history_api import _csv, _past_session
from evsed.link import (
    OpenNow,
    ReportedFaults,
    SetLimits,
    StopCharging,
    Tick,
    decode,
    encode,
)
from evsed.store.reading import StoreReader
from tests.daemon.daemon_world import World, feed_terms, life
from tests.sim.bench import CONFIG, Bench

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from evsed.daemon.limit_calculator import LimitCalculator
    from evsed.link import Message

TICK_S = 0.02
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATE_AT_NIGHT = WeeklyWindow.parse("01:00-01:01")


@dataclass
class Charge:
    """One life of the daemon's parts on a bench."""

    world: World
    bench: Bench
    limits: LimitCalculator
    extra: tuple[Limit, ...] = ()  # limits of owners that have no calculator in this test
    faults: tuple[Fault, ...] = ()  # what the daemon reports
    silent: bool = False  # the daemon sends nothing

    def send(self, message: Message) -> None:
        self.bench.send(decode(encode(message)))

    def run(self, seconds: float) -> None:
        """Let the control process tick, and the daemon do its part each second."""
        for count in range(round(seconds / TICK_S)):
            if count % 50 == 0 and not self.silent:
                now = self.bench.time.control()
                self.send(ReportedFaults(dict.fromkeys(self.faults, "as the test has it")))
                self.send(SetLimits((*self.extra, *self.limits.update(now, NOON))))
            told = len(self.bench.events)
            self.bench.run(TICK_S)
            events = tuple(timed.event for timed in self.bench.events[told:])
            if events or count % 10 == 0:
                tick = decode(encode(Tick(self.bench.snapshot, events)))
                assert isinstance(tick, Tick)
                self.world.ticks.handle(tick, NOON)

    def charge(self) -> None:
        """A car charges for some seconds."""
        self.run(1)
        self.plug_in_and_charge()

    def plug_in_and_charge(self) -> None:
        self.bench.plug_in()
        self.run(4.5)  # offered after 3 s of steady +12 V
        self.bench.car.ask()
        self.run(6)
        assert self.bench.contactor_closed

    def unplug(self) -> None:
        self.bench.unplug()
        self.run(2)


@asynccontextmanager
async def charging(folder: Path, *, clean: bool = True) -> AsyncIterator[Charge]:
    config = replace(CONFIG, evse=EvseConfig(front_end_proved=True))
    async with life(folder, clean=clean) as world:
        made = Charge(world, Bench(Control, config=config), world.limits(16.0))
        made.charge()
        yield made


async def kept(charge: Charge) -> SessionRecord:
    """The only session, as the store has it."""
    await charge.world.write()
    (session,) = StoreReader(charge.world.folder / "evsed.db").sessions(10, None)
    return session


async def ended_by(folder: Path, end: Callable[[Charge], None], seconds: float = 9.0) -> EndReason:
    """The reason that is kept where *end* stops the current and the car is unplugged later."""
    with capture_logs():
        async with charging(folder) as charge:
            end(charge)
            charge.run(seconds)
            assert not charge.bench.contactor_closed
            charge.unplug()
            session = await kept(charge)
    assert session.energy_wh > 0
    assert session.ended is not None
    assert session.reason is not None
    assert _past_session(session).reason == session.reason.value  # the API
    assert f",{session.reason.value},,\r\n" in _csv([session]).body.decode()
    (record,) = (folder / "energy.log").read_text().splitlines()
    assert f"{session.energy_wh / 1000:.3f}kWh" in record
    return session.reason


# --- the car -------------------------------------------------------------------------------------


async def test_a_car_that_stops_and_is_unplugged_later_has_stopped(tmp_path: Path) -> None:
    assert await ended_by(tmp_path, lambda charge: charge.bench.car.stop_asking()) is EndReason.CAR


async def test_a_car_that_is_unplugged_while_it_charges_is_unplugged(tmp_path: Path) -> None:
    assert await ended_by(tmp_path, lambda charge: charge.bench.unplug()) is EndReason.UNPLUGGED


async def test_a_car_that_lets_go_because_of_the_plug_is_unplugged(tmp_path: Path) -> None:
    def pull(charge: Charge) -> None:
        charge.bench.car.stop_asking()
        charge.bench.after(0.7, charge.bench.unplug)

    assert await ended_by(tmp_path, pull) is EndReason.UNPLUGGED


async def test_a_car_that_never_charged_is_unplugged(tmp_path: Path) -> None:
    async with charging(tmp_path) as charge:
        charge.unplug()
        charge.bench.car.stop_asking()
        charge.bench.plug_in()
        charge.run(6)
        charge.unplug()
        await charge.world.write()
        first, second = StoreReader(tmp_path / "evsed.db").sessions(10, None)
        assert 0.0 in (first.energy_wh, second.energy_wh)
        assert first.reason is second.reason is EndReason.UNPLUGGED


async def test_a_charge_that_goes_on_has_no_reason_until_it_ends_again(tmp_path: Path) -> None:
    async with charging(tmp_path) as charge:
        charge.limits.change(0.0, feed_terms(0.0))  # no more sun
        charge.run(9)
        session = charge.world.recorder.totals.session
        assert session is not None
        assert session.reason is EndReason.FEED
        charge.limits.change(0.0, feed_terms(16.0))  # the sun is back
        charge.run(9)
        session = charge.world.recorder.totals.session
        assert session is not None
        assert session.reason is None
        charge.bench.car.stop_asking()
        charge.run(9)
        charge.unplug()
        assert (await kept(charge)).reason is EndReason.CAR


# --- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.COMMUNICATION])
async def test_every_fault_that_ends_a_charge_is_a_fault(tmp_path: Path, fault: Fault) -> None:
    def report(charge: Charge) -> None:
        charge.faults = (fault,)

    assert await ended_by(tmp_path, report) is EndReason.FAULT


async def test_a_fault_stays_the_reason_when_the_car_is_unplugged_at_once(
    tmp_path: Path,
) -> None:
    def break_it(charge: Charge) -> None:
        charge.faults = (Fault.DIODE,)
        charge.bench.after(0.5, charge.bench.unplug)

    assert await ended_by(tmp_path, break_it) is EndReason.FAULT


async def test_a_board_that_is_lost_is_a_reason_of_its_own(tmp_path: Path) -> None:
    def lose(charge: Charge) -> None:
        charge.bench.board.daemon_dead = True
        charge.bench.after(1.0, lambda: setattr(charge.bench.board, "daemon_dead", False))
        charge.bench.after(1.5, charge.bench.car.stop_asking)

    assert await ended_by(tmp_path, lose) is EndReason.BOARD_LOST


# --- limits --------------------------------------------------------------------------------------


async def test_the_feed_that_has_nothing_to_spare_is_the_reason(tmp_path: Path) -> None:
    def cloud(charge: Charge) -> None:
        charge.limits.change(0.0, feed_terms(0.0))  # no more sun

    assert await ended_by(tmp_path, cloud) is EndReason.FEED


@pytest.mark.parametrize(
    ("controls", "reason"),
    [
        (Controls(window=LATE_AT_NIGHT), EndReason.SCHEDULE),
        (Controls(Mode.OFF), EndReason.OWNER),
        (Controls(Mode.OFF, window=LATE_AT_NIGHT), EndReason.OWNER),
    ],
)
async def test_the_owners_controls_are_the_reason(
    tmp_path: Path, controls: Controls, reason: EndReason
) -> None:
    found = await ended_by(
        tmp_path, lambda charge: charge.world.recorder.orders.set_controls(controls)
    )
    assert found is reason


async def test_a_sessions_own_limit_is_the_reason(tmp_path: Path) -> None:
    def limit(charge: Charge) -> None:
        charge.world.recorder.orders.set_controls(Controls(session_kwh=0.1))
        installation = replace(charge.world.charger.state.installation, phases=3, mains_v=2000.0)
        state = replace(charge.world.charger.state, installation=installation)
        charge.world.charger.set(state)  # 96 kW, so that 0.1 kWh is soon charged

    assert await ended_by(tmp_path, limit, 15.0) is EndReason.SESSION


@pytest.mark.parametrize("program", PROGRAMS)
async def test_each_program_is_a_reason_of_its_own(tmp_path: Path, program: str) -> None:
    def claim(charge: Charge) -> None:
        recorder = charge.world.recorder
        recorder.orders.set_claims(recorder.orders.claims.placed(program, Claim(charging=False)))

    assert await ended_by(tmp_path, claim) is EndReason(program)


@pytest.mark.parametrize("owner", [owner for owner in OWNER_NAMES if owner not in PROGRAMS])
async def test_a_limit_of_any_owner_is_the_reason(tmp_path: Path, owner: str) -> None:
    def limit(charge: Charge) -> None:
        charge.extra = (Limit(owner, 0.0, FOREVER, "as the test has it"),)

    assert await ended_by(tmp_path, limit) is reason_for(Cause.limit(owner))


async def test_a_daemon_that_falls_silent_is_a_reason_of_its_own(tmp_path: Path) -> None:
    def fall_silent(charge: Charge) -> None:
        charge.silent = True

    assert await ended_by(tmp_path, fall_silent, 12.0) is EndReason.DAEMON


# --- the end of evsed ----------------------------------------------------------------------------


async def later(folder: Path, *, plugged: bool) -> EndReason | None:
    """The reason that the session of an earlier life has in the end, found by the next life."""
    config = replace(CONFIG, evse=EvseConfig(front_end_proved=True))
    with capture_logs():
        async with life(folder) as world:
            charge = Charge(world, Bench(Control, config=config), world.limits(16.0))
            if plugged:
                charge.plug_in_and_charge()
                charge.bench.car.stop_asking()
                charge.run(4)
                charge.unplug()
            else:
                charge.run(2)
            return (await kept(charge)).reason


@pytest.mark.parametrize("order", [StopCharging(), OpenNow()])
async def test_evsed_that_is_stopped_is_the_reason_where_the_car_leaves_meanwhile(
    tmp_path: Path, order: Message
) -> None:
    async with charging(tmp_path) as charge:
        charge.silent = True
        charge.send(order)
        charge.run(7)
        session = charge.world.recorder.totals.session
        assert session is not None
        assert session.reason is EndReason.SHUTDOWN
    assert await later(tmp_path, plugged=False) is EndReason.SHUTDOWN


async def test_a_car_that_is_still_there_after_a_restart_goes_on_with_its_session(
    tmp_path: Path,
) -> None:
    async with charging(tmp_path) as charge:
        charge.send(StopCharging())
        charge.run(7)
    assert await later(tmp_path, plugged=True) is EndReason.CAR


@pytest.mark.parametrize(
    ("plugged", "reason"), [(False, EndReason.POWER_CUT), (True, EndReason.CAR)]
)
async def test_a_session_that_a_crash_left_open_is_taken_over_or_ends_as_cut(
    tmp_path: Path,
    plugged: bool,  # noqa: FBT001 - a parameter of the test
    reason: EndReason,
) -> None:
    async with charging(tmp_path, clean=False) as charge:
        await charge.world.write()
        assert charge.bench.contactor_closed
    assert await later(tmp_path, plugged=plugged) is reason


# --- the list ------------------------------------------------------------------------------------


def test_every_cause_has_a_reason_and_every_reason_a_label_on_the_page() -> None:
    page = Path(web.__file__).parent / "static" / "words.en.json"
    words = json.loads(page.read_text(encoding="utf-8"))
    labels = {word.removeprefix("reason_") for word in words if word.startswith("reason_")}
    assert {reason.value.replace(" ", "_") for reason in EndReason} <= labels
    for kind in CauseKind:
        assert reason_for(Cause(kind, "feed")) in EndReason
