# SPDX-License-Identifier: GPL-3.0-or-later
"""The ceilings that follow from the owner's controls, and how much of each is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evsed.core.pilot.limits import Limit
from evsed.core.solar.allotment_config import Mode

if TYPE_CHECKING:
    from datetime import datetime

    from evsed.core.user.controls import Controls


def limits(
    controls: Controls, session_wh: float, session_charge_s: float, local: datetime, until_at: float
) -> tuple[Limit, ...]:
    """Return the ceilings that follow from *controls*, each holding until *until_at* (monotonic).

    *session_wh* and *session_charge_s* are what the session under way has had, watt-hours and
    seconds with power, 0 without one.  *local* is the wall-clock time, with its zone; ValueError
    without.
    """
    if local.tzinfo is None:
        raise ValueError("local is without a zone; a weekly window needs the owner's own time")
    found = []
    if controls.mode is Mode.OFF:
        found.append(Limit("owner", 0.0, until_at, "off, as the owner set it"))
    elif controls.max_current_a is not None:
        why = f"no more than {controls.max_current_a:g} A, as the owner set it"
        found.append(Limit("owner", controls.max_current_a, until_at, why))
    if controls.session_kwh is not None and session_wh >= controls.session_kwh * 1000:
        why = f"this session's {controls.session_kwh:g} kWh are charged"
        found.append(Limit("session", 0.0, until_at, why))
    elif controls.session_h is not None and session_charge_s >= controls.session_h * 3600:
        why = f"this session's {controls.session_h:g} h are used up"
        found.append(Limit("session", 0.0, until_at, why))
    if controls.window is not None and not controls.window.open_at(local):
        why = f"outside the weekly window until {controls.window.opens(local)[0]}"
        found.append(Limit("schedule", 0.0, until_at, why))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Remaining:
    """The rest of a session's limit, in words; `left_s` seconds at this power, if any."""

    why: str
    left_s: float | None


def session_left(
    controls: Controls, session_wh: float, session_charge_s: float, power_w: float
) -> Remaining | None:
    """Return what the limits of the session still leave; None without one, or when one is reached.

    *power_w* is what the car takes now.  Time with power is counted, so without power there are no
    seconds to tell; with two limits, the seconds are those of the one that comes first.
    """
    words, seconds = [], []
    if controls.session_kwh is not None:
        left_wh = controls.session_kwh * 1000 - session_wh
        words.append(f"{max(left_wh, 0.0) / 1000:.2f} of {controls.session_kwh:g} kWh")
        seconds.append(left_wh / power_w * 3600 if power_w > 0 else left_wh)
    if controls.session_h is not None:
        left_s = controls.session_h * 3600 - session_charge_s
        words.append(f"{max(left_s, 0.0) / 3600:.1f} of {controls.session_h:g} h")
        seconds.append(left_s)
    if not words or min(seconds) <= 0:
        return None
    why = f"this session has {' and '.join(words)} left"
    return Remaining(why, min(seconds) if power_w > 0 else None)


def opens_in_s(controls: Controls, local: datetime) -> float | None:
    """Seconds until the weekly window opens; None where it is open or there is none."""
    if controls.window is None or controls.window.open_at(local):
        return None
    return controls.window.opens(local)[1]
