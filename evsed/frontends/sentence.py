# SPDX-License-Identifier: GPL-3.0-or-later
"""The state as text for people whose browser runs no JavaScript. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.core.text import text
from evsed.frontends.languages import ENGLISH_ITSELF

if TYPE_CHECKING:
    from evsed.frontends.languages import Language
    from evsed.frontends.status import Status


def describe(status: Status, language: Language = ENGLISH_ITSELF) -> str:
    """Describe *status* in a few sentences of *language*, with the words of its own keys."""
    parts = [status.summary, status.reason]
    for fault in status.faults:
        parts += [
            text("{name}: {what}; {done}", name=fault.name, what=fault.what, done=fault.done),
            text("To do: {todo}", todo=fault.todo),
        ]
    power_kw, day_kwh = status.power_w / 1000, status.day_wh / 1000
    session_kwh = status.session.energy_wh / 1000
    if status.session.energy_measured:
        figures = text(
            "{power_kw:.1f} kW now, {session_kwh:.1f} kWh this session, {day_kwh:.1f} kWh today",
            power_kw=power_kw,
            session_kwh=session_kwh,
            day_kwh=day_kwh,
        )
    else:
        figures = text(
            "{power_kw:.1f} kW now, about {session_kwh:.1f} kWh this session, {day_kwh:.1f} kWh "
            "today",
            power_kw=power_kw,
            session_kwh=session_kwh,
            day_kwh=day_kwh,
        )
    found = (language.sentence(part) for part in (*parts, figures) if part)
    return " ".join(f"{part[:1].upper()}{part[1:].rstrip('.')}." for part in found)
