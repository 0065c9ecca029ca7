# SPDX-License-Identifier: GPL-3.0-or-later
"""The status for Prometheus, in its text format 0.0.4. Pure.

Names follow prometheus.io/docs/practices/naming: one prefix, base units in plural as the suffix,
`_total` on counters. What is not known is absent. The format is a few lines long, so no library is
needed for it; the tests hold it against Prometheus itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evsed.frontends.views import MODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from evsed.frontends.status import Status

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
JOULES_PER_WH: Final = 3600.0
STATES: Final = (
    "Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing",
    "Unavailable", "Faulted",
)  # fmt: skip
"""OCPP's names: the values of `evse_status`."""
UNPLUGGED: Final = ("A", "E", "F", "-")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: a value, or values by *label*; None where it is not known."""

    name: str
    help: str
    value: Mapping[str, float] | float | None
    label: str = ""

    def lines(self) -> Iterator[str]:
        """Yield its lines; none where it is not known."""
        if self.value is None or (isinstance(self.value, dict) and not self.value):
            return
        kind = "counter" if self.name.endswith("_total") else "gauge"
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} {kind}"
        if isinstance(self.value, int | float):
            yield f"{self.name} {float(self.value)!r}"
            return
        for text, value in self.value.items():
            yield f'{self.name}{{{self.label}="{_escaped(text)}"}} {float(value)!r}'


def render(status: Status) -> str:
    """Return *status* as Prometheus reads it."""
    return "".join(f"{line}\n" for metric in metrics(status) for line in metric.lines())


def metrics(now: Status) -> tuple[Metric, ...]:
    """Return every metric of *now*."""
    return (
        Metric("evsed_build_info", "Version of evsed; always 1.", {now.version: 1}, "version"),
        Metric("evsed_up", "1 while the control process drives a board.",
               now.board_ok and now.ticking),
        Metric("evsed_state", "State in the words of OCPP; the present one is 1.",
               _chosen(STATES, now.evse_status), "state"),
        Metric("evsed_vehicle_connected", "1 while a car is plugged in.",
               now.state not in UNPLUGGED),
        Metric("evsed_contactor_closed", "1 while the car is connected to the mains.",
               now.contactor_closed),
        Metric("evsed_contactor_closures_total", "Times that the contactor has closed, ever.",
               now.contactor_cycles),
        Metric("evsed_offered_amperes", "Current that the pilot offers on each phase.",
               now.offered_a),
        Metric("evsed_drawn_amperes", "Current that the car draws on each phase.", now.drawn_a),
        Metric("evsed_power_watts", "Power that the car draws, over all phases.", now.power_w),
        Metric("evsed_power_measured", "1 where a meter measures the power, 0: estimated.",
               now.drawn_measured),
        Metric("evsed_mains_volts", "Line to neutral, as set or measured.", now.mains_v),
        Metric("evsed_excess_watts", "The feed's last figure of spare power; negative: none.",
               now.excess_w),
        Metric("evsed_available_watts", "Solar power that the car may use.", now.available_w),
        Metric("evsed_solar_power_watts", "Part of the power that the solar surplus covers.",
               now.solar_w),
        Metric("evsed_energy_joules_total", "Energy given to cars, ever.",
               now.total_wh * JOULES_PER_WH),
        Metric("evsed_session_energy_joules", "Energy of this session, or of the last one.",
               now.session.energy_wh * JOULES_PER_WH),
        Metric("evsed_day_energy_joules", "Energy since midnight.", now.day_wh * JOULES_PER_WH),
        Metric("evsed_session_charging_seconds", "Time of this session with the contactor closed.",
               now.session.charge_s),
        Metric("evsed_limit_amperes", "Every ceiling on the current; the lowest wins.",
               _lowest((limit.owner, limit.max_a) for limit in now.limits), "owner"),
        Metric("evsed_fault", "1 for each fault that is present or latched.",
               {fault.name: 1 for fault in now.faults}, "fault"),
        Metric("evsed_faults", "Number of faults that are present or latched.", len(now.faults)),
        Metric("evsed_feed_age_seconds", "Age of the feed's last figure.", now.feed_age_s),
        Metric("evsed_feed_error", "1 while something is wrong with the feed.",
               now.feed_error is not None),
        Metric("evsed_mode", "The owner's mode; the present one is 1.",
               _chosen(MODES, now.controls.mode), "mode"),
        Metric("evsed_part_restarts_total", "Times that a part of evsed was started again.",
               {part.name: part.restarts for part in now.parts}, "part"),
        Metric("evsed_tick_worst_seconds", "Longest tick of the control process in a minute.",
               now.tick.worst_ms / 1000),
        Metric("evsed_tick_late_total", "Ticks so late that a dead-man may have fired.",
               now.tick.late),
        Metric("evsed_uptime_seconds", "Time since evsed started.", now.uptime_s),
    )  # fmt: skip


def _chosen(names: Iterable[str], present: str) -> dict[str, float]:
    return {name: name == present for name in names}


def _lowest(limits: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return the lowest limit of each owner: a series may be there once."""
    found: dict[str, float] = {}
    for owner, max_a in limits:
        found[owner] = min(max_a, found.get(owner, max_a))
    return found


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
