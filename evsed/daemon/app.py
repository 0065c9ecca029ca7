# SPDX-License-Identifier: GPL-3.0-or-later
"""The composition root: builds the parts of the daemon in order, runs them, ends them together."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from evsed import __version__
from evsed.boards import lock_board, make_safe
from evsed.core.car.care import CarCare
from evsed.core.pilot.events import FaultRaised
from evsed.core.text import text
from evsed.core.user.prices import GridPrices
from evsed.daemon.boot_clock import since_boot_s
from evsed.daemon.box_panel import ButtonHandler
from evsed.daemon.charger_state import Charger, ChargerState, Installation
from evsed.daemon.control_process import ControlProcess
from evsed.daemon.frontend_hub import FrontendHub
from evsed.daemon.history import HistoryService
from evsed.daemon.house_guard import HouseGuard
from evsed.daemon.hub import ChargerHub
from evsed.daemon.limit_calculator import LimitCalculator
from evsed.daemon.live_parts import LiveParts
from evsed.daemon.live_settings import LiveSettings, feed_terms
from evsed.daemon.phase_wishes import PhaseWishes
from evsed.daemon.session_recorder import SessionRecorder, SessionRecorderConfig
from evsed.daemon.settings_restart import STARTS_MOST, SettingsRestart, take_back
from evsed.daemon.settings_service import PageSettings
from evsed.daemon.shutdown import BEGIN_AGAIN, Shutdown
from evsed.daemon.supervisor import Part, Supervisor
from evsed.daemon.systemd import Notifier, Watchdog
from evsed.daemon.thermometer import Thermometer
from evsed.daemon.ticks import TickHandler
from evsed.errors import BackupError, BoardError, WebError
from evsed.frontends import open_web
from evsed.link import Configure
from evsed.logs import Logs
from evsed.settings.page_file import PageFile
from evsed.store import archive

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

    from evsed.frontends import OpenedWeb
    from evsed.frontends.frontend import Frontend
    from evsed.settings import Settings
    from evsed.settings.load import Layers

CONTROL_ENDED = 70  # EX_SOFTWARE: systemd starts both again

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything that the daemon is started with.

    *read* reads the settings as they are now, and raises `SettingsError`. *on_address* is called
    with the page's address. *since_boot_s* says how long the box has been switched on.
    """

    read: Callable[[], Layers]
    on_address: Callable[[str], None]
    more_frontends: tuple[Frontend, ...]
    since_boot_s: Callable[[], float]


def run(
    read: Callable[[], Layers],
    on_address: Callable[[str], None] = lambda _: None,
    more_frontends: tuple[Frontend, ...] = (),
    since_boot_s: Callable[[], float] = since_boot_s,
) -> int:
    """Drive the EVSE until asked to stop; return the exit code; see `Surroundings`.

    `BEGIN_AGAIN`: it shall be started again, with other settings. Raises `EvsedError` when it
    cannot start.
    """
    layers = read()
    trial = PageFile(layers.page_path).trial()
    if trial is not None and trial.starts >= STARTS_MOST:
        take_back(
            layers.page_path, text("evsed ended {starts} times with them", starts=trial.starts)
        )
        layers = read()
    settings = layers.settings()
    around = Surroundings(read, on_address, more_frontends, since_boot_s)
    with Logs(settings.logs_config()) as logs:
        try:
            return asyncio.run(_run(settings, layers.page_path, logs, around))
        except WebError as error:
            if trial is None:
                raise
            log.warning(take_back(layers.page_path, str(error)))
            return BEGIN_AGAIN


async def _run(settings: Settings, page_path: Path, logs: Logs, around: Surroundings) -> int:
    notifier = Notifier()
    control, watchdog = ControlProcess(), Watchdog(notifier)
    shutdown = Shutdown(control, notifier, lambda: around.read().settings())
    opened = open_web(settings.web_config())
    held = _lock(settings, opened)  # a second evsed ends here, before it changes anything
    if _restored(settings, page_path):
        opened.close()
        held.close()
        return BEGIN_AGAIN
    recorder = await SessionRecorder.open(_recorder_config(settings))
    charger = Charger(_first_state(settings))
    care = CarCare(settings.car_care_config())
    hub = ChargerHub(charger, recorder, control.link, care, logs)
    history = HistoryService(settings.store.path, recorder, _in_main(hub.note_order))
    thermometers = _thermometers(settings)
    fuse = settings.main_fuse_config()
    guards = () if fuse is None else (HouseGuard(fuse, charger),)
    limits = LimitCalculator(
        feed_terms(settings),
        charger,
        recorder,
        care,
        (*thermometers, *guards),
        _phases(settings, history),
    )
    button = ButtonHandler(charger, hub, may_start=settings.box.button_may_start)
    ticks = TickHandler(charger, hub, recorder, care, watchdog, button)
    supervisor = Supervisor(charger)
    main = asyncio.get_running_loop()

    def its_hub() -> FrontendHub:
        return FrontendHub(hub, history, page_settings, main)

    parts = LiveParts(charger, hub, limits, guards, its_hub, (opened.host, opened.port))
    live = LiveSettings(settings, charger, limits, supervisor, parts.of, logs)
    restart = SettingsRestart(live, around.read, page_path, charger, hub, shutdown.begin_again)
    history.on_restored = restart.ask
    page_settings = _page_settings(live, around, hub, restart)
    try:
        around.on_address(f"http://localhost:{opened.port}/")
        _publish_found(recorder, hub)
        for frontend in (opened.web, *around.more_frontends):
            hub_of_it = its_hub()
            run_it = partial(frontend.run, hub_of_it)
            supervisor.start(Part(frontend.name, run_it, partial(_refused, hub_of_it)))
        await live.begin()
        for thermometer in thermometers:
            thermometer.start()
        await control.start(_configuration(settings, recorder))
        shutdown.pass_on()  # where it was asked while the parts started
        async with asyncio.TaskGroup() as tasks:
            beside = [
                tasks.create_task(limits.run(control.link, watchdog)),
                tasks.create_task(recorder.run()),
                tasks.create_task(restart.run()),
                tasks.create_task(supervisor.run()),
            ]
            await ticks.run(control.link)  # until the control process ends
            for task in beside:
                task.cancel()
        return await _after_control(settings, logs, control, shutdown)
    finally:
        for thermometer in thermometers:
            thermometer.stop()
        await supervisor.stop()
        opened.close()
        held.close()
        history.close()
        await recorder.close(clean=shutdown.signals > 0)


def _lock(settings: Settings, opened: OpenedWeb) -> ExitStack:
    try:
        return lock_board(settings.board_config())
    except BoardError:
        opened.close()
        raise


def _restored(settings: Settings, page_path: Path) -> bool:
    """Put a backup in place that was put ready; return True where there was one."""
    try:
        done = archive.apply(settings.store.path, page_path)
    except BackupError as error:
        log.error(str(error))
        return False
    if done:
        log.warning(done)
    return bool(done)


def _publish_found(recorder: SessionRecorder, hub: ChargerHub) -> None:
    """Tell of the faults that were found in what an earlier life has left."""
    for fault, detail in recorder.fault_memory.found.items():
        found = FaultRaised(time.monotonic(), fault.value, detail)
        hub.publish(found, datetime.now().astimezone())


def _page_settings(
    live: LiveSettings, around: Surroundings, hub: ChargerHub, restart: SettingsRestart
) -> PageSettings:
    note = _in_main(hub.note_order)
    return PageSettings(
        lambda: live.running, around.read, around.since_boot_s, note, restart.take_over
    )


def _in_main(note_order: Callable[[str, str], None]) -> Callable[[str, str], None]:
    """Return *note_order*, which belongs to this loop, in a form that any thread may call."""
    main = asyncio.get_running_loop()

    def note(who: str, what: str) -> None:
        main.call_soon_threadsafe(note_order, who, what)

    return note


def _refused(hub: FrontendHub) -> int:
    return hub.refused


def _recorder_config(settings: Settings) -> SessionRecorderConfig:
    front_end = settings.board.front_end
    return SessionRecorderConfig(
        path=settings.store.path,
        folder=settings.logs.dir,
        calibration=f"{front_end.volts_at_code_0:g} V + {front_end.volts_per_code:g} V a code",
        max_a=settings.supply.max_current_a,
    )


def _first_state(settings: Settings) -> ChargerState:
    prices = GridPrices(settings.prices.parsed)
    return ChargerState(installation=_installation(settings), prices=prices)


def _installation(settings: Settings) -> Installation:
    return Installation(
        version=__version__,
        mains_v=settings.supply.mains_v,
        phases=settings.supply.phases,
        feed_kind=settings.feed.kind,
        max_a=settings.supply.max_current_a,
        started_at=time.monotonic(),
        switching=settings.contactor.switching,
        price_list=bool(settings.prices.kind),
        currency=settings.prices.currency,
    )


def _phases(settings: Settings, history: HistoryService) -> PhaseWishes | None:
    if settings.contactor.switching == "off":
        return None
    rises = settings.contactor.switching == "auto"
    return PhaseWishes(settings.allotment_config(), history.usual_sun, rises=rises)


def _thermometers(settings: Settings) -> tuple[Thermometer, ...]:
    sensor = settings.safety.temperature_sensor
    return (Thermometer(sensor, settings.supply.max_current_a),) if sensor else ()


def _configuration(settings: Settings, recorder: SessionRecorder) -> Configure:
    """Build the first message to the control process."""
    # After a power cut a random delay: the cars of a street must not all come back at once.
    most_s = settings.safety.restart_delay_max_s
    delay_s = random.uniform(0.0, most_s) if recorder.power_was_cut else 0.0  # noqa: S311 - spread, not secrecy
    return Configure(
        board=settings.board_config(),
        front_end=settings.front_end(),
        evse=settings.evse_config(
            front_end_proved=recorder.front_end_proved,
            hold_off_s=max(recorder.hold_off_s, delay_s),
        ),
        supply_max_a=settings.supply.max_current_a,
        latched=recorder.fault_memory.latched,
        over_current=settings.over_current_config(),
    )


async def _after_control(
    settings: Settings, logs: Logs, control: ControlProcess, shutdown: Shutdown
) -> int:
    """Make sure of the wires after the control process has ended; return the exit code."""
    control.link.close()
    code = await control.ended()
    if shutdown.signals and code == 0:
        log.info("stopped; the contactor is open")
        return shutdown.code
    try:
        done = await asyncio.to_thread(make_safe, settings.board_config())
    except BoardError as error:
        done = str(error)
    logs.trouble(
        text("the control process ended (exit code {code})", code=code),
        done,
        "evsed exits, systemd starts it again; journalctl -u evsed shows what came before",
    )
    return CONTROL_ENDED
