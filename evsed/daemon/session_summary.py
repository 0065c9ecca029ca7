# SPDX-License-Identifier: GPL-3.0-or-later
"""One line that sums up a session, for the journal and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evsed.core.energy.sessions import EndReason, sun_text
from evsed.frontends.money import money_text

if TYPE_CHECKING:
    from evsed.core.energy.sessions import SessionRecord

LEAST_WH: Final = 5.0
"""A session with less has no summary: it is shown as 0.00 kWh."""

ENDS: Final = {
    EndReason.UNPLUGGED: "because it was unplugged",
    EndReason.CAR: "because the car stopped",
    EndReason.FEED: "because there was no more spare power",
    EndReason.SCHEDULE: "because the weekly window ended",
    EndReason.SESSION: "because its limit was reached",
    EndReason.PLAN: "because the plan ended it",
    EndReason.OWNER: "because it was switched off",
    EndReason.OPENEVSE: "because an OpenEVSE client ended it",
    EndReason.MQTT: "because a program ended it by MQTT",
    EndReason.OCPP: "because the central system ended it by OCPP",
    EndReason.BUTTON: "because it was switched off at the box",
    EndReason.HTTP: "because a program ended it by HTTP",
    EndReason.HOUSE: "because the main fuse was full",
    EndReason.CABLE: "because the cable allowed no more",
    EndReason.TEMPERATURE: "because it was too hot",
    EndReason.LIMIT: "because a limit of the installation ended it",
    EndReason.FAULT: "by a fault",
    EndReason.BOARD_LOST: "because the board was lost",
    EndReason.DAEMON: "because evsed's daemon did not answer",
    EndReason.SHUTDOWN: "because evsed was stopped",
    EndReason.POWER_CUT: "by a power cut or a crash",
}


def describe_session(session: SessionRecord, currency: str = "") -> str:
    """Describe a session that has ended; "" where it had no energy. *currency* is of its cost."""
    if session.energy_wh < LEAST_WH:
        return ""
    about = "" if session.measured else "about "
    minutes = round(session.charge_s / 60)
    time = f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"  # noqa: PLR2004 - an hour
    parts = [f"{about}{session.energy_wh / 1000:.2f} kWh in {time}"]
    if share := sun_text(session.energy_wh, session.solar_wh):
        parts.append(share)
    parts.append(f"at most {session.peak_a:.1f} A")
    ended = f"; ended {ENDS[session.reason]}" if session.reason else ""
    cost = money_text(session.cost, session.savings, currency)
    return f"charged {', '.join(parts)}{cost}{ended}"
