# SPDX-License-Identifier: GPL-3.0-or-later
"""One line that sums up a session, for the journal and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evsed.core.energy.sessions import EndReason, sun_text
from evsed.core.text import listed, text
from evsed.frontends.money import money_text

if TYPE_CHECKING:
    from evsed.core.energy.sessions import SessionRecord

LEAST_WH: Final = 5.0
"""A session with less has no summary: it is shown as 0.00 kWh."""

ENDS: Final = {
    EndReason.UNPLUGGED: text("because it was unplugged"),
    EndReason.CAR: text("because the car stopped"),
    EndReason.FEED: text("because there was no more spare power"),
    EndReason.SCHEDULE: text("because the weekly window ended"),
    EndReason.SESSION: text("because its limit was reached"),
    EndReason.PLAN: text("because the plan ended it"),
    EndReason.OWNER: text("because it was switched off"),
    EndReason.OPENEVSE: text("because an OpenEVSE client ended it"),
    EndReason.MQTT: text("because a program ended it by MQTT"),
    EndReason.OCPP: text("because the central system ended it by OCPP"),
    EndReason.BUTTON: text("because it was switched off at the box"),
    EndReason.HTTP: text("because a program ended it by HTTP"),
    EndReason.HOUSE: text("because the main fuse was full"),
    EndReason.CABLE: text("because the cable allowed no more"),
    EndReason.TEMPERATURE: text("because it was too hot"),
    EndReason.LIMIT: text("because a limit of the installation ended it"),
    EndReason.FAULT: text("by a fault"),
    EndReason.BOARD_LOST: text("because the board was lost"),
    EndReason.DAEMON: text("because evsed's daemon did not answer"),
    EndReason.SHUTDOWN: text("because evsed was stopped"),
    EndReason.POWER_CUT: text("by a power cut or a crash"),
}


def describe_session(session: SessionRecord, currency: str = "") -> str:
    """Describe a session that has ended; "" where it had no energy. *currency* is of its cost."""
    if session.energy_wh < LEAST_WH:
        return ""
    minutes = round(session.charge_s / 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        time = text("{minutes} min", minutes=minutes)
    else:
        time = text("{hours} h {minutes:02d} min", hours=minutes // 60, minutes=minutes % 60)
    kwh = session.energy_wh / 1000
    if session.measured:
        parts: list[str] = [text("{kwh:.2f} kWh in {time}", kwh=kwh, time=time)]
    else:
        parts = [text("about {kwh:.2f} kWh in {time}", kwh=kwh, time=time)]
    if share := sun_text(session.energy_wh, session.solar_wh):
        parts.append(share)
    parts.append(text("at most {peak_a:.1f} A", peak_a=session.peak_a))
    if cost := money_text(session.cost, session.savings, currency):
        parts.append(cost)
    if session.reason is None:
        return text("charged {facts}", facts=listed(parts))
    return text("charged {facts}; ended {why}", facts=listed(parts), why=ENDS[session.reason])
