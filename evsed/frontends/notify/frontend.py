# SPDX-License-Identifier: GPL-3.0-or-later
"""The frontend that notifies: it watches the status and sends what is worth a message."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC
from typing import TYPE_CHECKING, Final

import structlog

from evsed.core.car.care import ASLEEP, FINISHED, GAVE_UP
from evsed.core.energy.sessions import sun_text
from evsed.core.text import listed, text
from evsed.core.user.notices import Notices, PlanSeen, Situation
from evsed.errors import NotifyError
from evsed.frontends.languages import Languages
from evsed.frontends.money import money_text
from evsed.frontends.notify.sender import Sender
from evsed.frontends.notify.service import Service, open_service

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.frontends.hub import Hub
    from evsed.frontends.notify import NotifyConfig
    from evsed.frontends.status import Status

EVERY_S: Final = 1.0

log = structlog.get_logger()


class NotifyFrontend:
    """Sends the notices of *config*; gives no orders."""

    name = "notify"

    def __init__(
        self, config: NotifyConfig, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._config = config
        self._clock = clock
        self._notices = Notices(config.remind_min)
        self._failing: set[str] = set()
        self._reported: set[str] = set()

    async def run(self, hub: Hub) -> None:
        """Watch until cancelled."""
        # apprise loads a hundred plugins, which takes a Pi many seconds.
        services = await asyncio.to_thread(self._services)
        language = await asyncio.to_thread(Languages().get, self._config.language)
        sender = Sender(services, self._on_outcome, language=language)
        try:
            while True:
                status = hub.status()
                for notice in self._notices.update(self._clock(), status.at, seen(status)):
                    log.info("notice", kind=notice.kind.value, text=notice.text)
                    sender.put(notice)
                await asyncio.sleep(EVERY_S)
        finally:
            sender.stop()

    def close(self) -> None:
        """Nothing is open between two runs."""

    def _services(self) -> list[Service]:
        """Open every address that can be used, and log once each that cannot."""
        services: list[Service] = []
        for number, url in enumerate(self._config.urls):
            try:
                services.append(open_service(number, url))
            except NotifyError as error:
                if str(error) not in self._reported:
                    self._reported.add(str(error))
                    log.error(str(error))
        return services

    def _on_outcome(self, service: str, sent: bool) -> None:  # noqa: FBT001 - a callback
        """Report once that a service takes nothing, until it does."""
        if sent and service in self._failing:
            self._failing.discard(service)
            log.info("notices are sent again", service=service)
        elif not sent and service not in self._failing:
            self._failing.add(service)
            log.warning(
                "a notice could not be sent; charging goes on and the next notice is tried again; "
                "check its address, and that the Pi reaches it: docs/notify.md",
                service=service,
            )


def seen(status: Status) -> Situation:
    """Return *status* as far as notices need it."""
    session, plan = status.session, status.plan
    currency = status.prices.currency if status.prices else ""
    sun = sun_text(session.energy_wh, session.solar_wh)
    money = money_text(session.cost, session.savings, currency)
    charged = text("{kwh:.2f} kWh", kwh=session.energy_wh / 1000)
    begins_s = None
    if plan is not None and plan.begins is not None:
        begins_s = (plan.begins.astimezone(UTC) - status.at.astimezone(UTC)).total_seconds()
    return Situation(
        plugged=None if status.state in ("-", "E", "F") else status.state != "A",
        closed=status.contactor_closed,
        session_wh=session.energy_wh if session.active else 0.0,
        charge=listed(part for part in (charged, sun, money) if part),
        finished=status.summary == FINISHED,
        idle=status.summary in (ASLEEP, GAVE_UP),
        state=text("{summary}: {reason}", summary=status.summary, reason=status.reason),
        limited_by=status.limited_by,
        faults={
            fault.name: text(
                "{name}: {what}. {done}. Do now: {todo}",
                name=fault.name,
                what=fault.what,
                done=fault.done,
                todo=fault.todo,
            )
            for fault in status.faults
        },
        plan=None
        if plan is None
        else PlanSeen(
            due=plan.due.timestamp(),
            text=plan.text,
            reached=plan.reached,
            short=plan.short,
            begins_s=begins_s,
        ),
    )
