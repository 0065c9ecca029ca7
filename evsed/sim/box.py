# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the Pi's pins and the cable: the charge pump's dead-man, and the contactor.

The circuit is that of hw/: the coil has two switches in series, one held by the contactor's GPIO,
the other by a charge pump that only edges on the heartbeat's GPIO keep up.
"""

from __future__ import annotations

from dataclasses import dataclass

# How long the pump holds after the last edge: up to 147 ms with the most sensitive MOSFET (hw/
# simulates 53-147 ms over thresholds and both levels). The longest is the one to be safe with.
PUMP_HOLD_S = 0.147
# A contactor of 25-40 A: 10-30 ms either way, where the coil is clamped by a zener.
PULL_IN_S = 0.020
RELEASE_S = 0.015


@dataclass(slots=True)
class Box:
    """Pump, coil and contacts in time; `pump_fitted` False is a box without the dead-man.

    Call `pin()` and `beat()` at each edge, `step()` as often as the contacts matter. `welded`
    contacts stay where they are.
    """

    pump_fitted: bool = True
    welded: bool = False
    stuck_open: bool = False
    closed: bool = False
    _enabled: bool = False
    _enabled_at: float = float("-inf")
    _dropped_at: float = float("-inf")
    _beat_at: float = float("-inf")
    _pump_since: float = float("inf")

    def pin(self, at: float, *, high: bool) -> None:
        """The contactor's GPIO changes."""
        if high != self._enabled:
            self._enabled = high
            if high:
                self._enabled_at = at
            else:
                self._dropped_at = at

    def beat(self, at: float) -> None:
        """An edge on the heartbeat's GPIO."""
        if at - self._beat_at > PUMP_HOLD_S:
            self._pump_since = at
        self._beat_at = at

    def coil(self, now: float) -> bool:
        """Whether current flows in the coil."""
        return self._enabled and self._pump_holds(now)

    def step(self, now: float) -> bool:
        """Whether the contacts are closed at *now*."""
        if self.welded and self.closed:
            return True
        if self.coil(now):
            since_s = now - max(self._enabled_at, self._pump_since if self.pump_fitted else 0.0)
            self.closed = not self.stuck_open and (self.closed or since_s >= PULL_IN_S)
        else:
            off_at = self._dropped_at if not self._enabled else self._beat_at + PUMP_HOLD_S
            self.closed = self.closed and now - off_at < RELEASE_S
        return self.closed

    def _pump_holds(self, now: float) -> bool:
        return not self.pump_fitted or now - self._beat_at <= PUMP_HOLD_S
