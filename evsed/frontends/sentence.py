# SPDX-License-Identifier: GPL-3.0-or-later
"""The state as text for people whose browser runs no JavaScript. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evsed.frontends.status import Status


def describe(status: Status) -> str:
    """Describe *status* in a few sentences, with the words of its own keys."""
    parts = [status.summary, status.reason]
    for fault in status.faults:
        parts += [f"{fault.name}: {fault.what}; {fault.done}", f"To do: {fault.todo}"]
    about = "" if status.session.energy_measured else "about "
    session_kwh, day_kwh = status.session.energy_wh / 1000, status.day_wh / 1000
    parts.append(
        f"{status.power_w / 1000:.1f} kW now, {about}{session_kwh:.1f} kWh this session, "
        f"{day_kwh:.1f} kWh today"
    )
    return " ".join(f"{part[:1].upper()}{part[1:].rstrip('.')}." for part in parts if part)
