# SPDX-License-Identifier: GPL-3.0-or-later
"""The transaction under way as messages see it, and the times of its samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from evsed.frontends.ocpp.clock import ClockStamp

if TYPE_CHECKING:
    from evsed.frontends.ocpp.keys import Values

PERIODIC: Final = "Sample.Periodic"
ALIGNED: Final = "Sample.Clock"


@dataclass(frozen=True, slots=True)
class Running:
    """The transaction under way: when it began, and the number of its next message."""

    began: ClockStamp
    sequence: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as the memory keeps it."""
        return {"began": self.began.to_json(), "sequence": self.sequence}

    @classmethod
    def from_json(cls, kept: Any) -> Running:  # noqa: ANN401 - JSON
        """Return what `to_json` has kept. Raises KeyError, TypeError or ValueError."""
        at, boot, wall = kept["began"]
        return cls(ClockStamp(float(at), str(boot), float(wall)), int(kept["sequence"]))


class SampleTimes:
    """When samples are due: every so often in a transaction, and aligned to the clock."""

    def __init__(self) -> None:
        self._sampled_at = -math.inf
        self._slot: int | None = None

    def on_start(self, at: float) -> None:
        """Begin the intervals of a transaction, which has begun at *at*."""
        self._sampled_at = at

    def due(
        self, now: float, epoch_s: float, values: Values, *, running: bool
    ) -> list[tuple[str, tuple[str, ...]]]:
        """Return the contexts whose samples are due at *now*, each with its measurands.

        *epoch_s*: the same moment in seconds since 1970. *running*: a transaction is under way.
        """
        found: list[tuple[str, tuple[str, ...]]] = []
        if running and values.sample_s and now - self._sampled_at >= values.sample_s:
            found.append((PERIODIC, values.sampled))
            self._sampled_at = now
        slot = int(epoch_s // values.aligned_s) if values.aligned_s else None
        if slot != self._slot and slot is not None and self._slot is not None:
            found.append((ALIGNED, values.aligned))
        self._slot = slot
        return found
