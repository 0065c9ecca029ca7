# SPDX-License-Identifier: GPL-3.0-or-later
"""One reading of a feed: its figures, with the range of each checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evsed.core.solar.feed_trouble import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of the feed.

    `excess_w` is still spare with the car drawing what it draws, negative when too much is taken.
    `minimum_w` is to be given even when the sun does not cover it; `maximum_w` caps, 0 forbids,
    None is no cap.  `stamp` is the feed's own mark and serves as an identity only.  `age_s` is the
    feed's clock at arrival minus its stamp.  `soc` is the battery's state of charge, 0 to 1,
    `grid_w` what comes from the grid and `battery_w` what the battery gives, both parts of
    `excess_w`; None where the feed does not know it.

    Raises ValueError for a figure that is not finite or out of range.
    """

    excess_w: float
    minimum_w: float = 0.0
    maximum_w: float | None = None
    stamp: str
    age_s: float
    soc: float | None = None
    grid_w: float | None = None
    battery_w: float | None = None
    notice: Notice | None = None
    """The thing that the owner should mend at the feed, although this reading is sound."""

    def __post_init__(self) -> None:
        """Refuse figures that no feed can mean."""
        if not math.isfinite(self.excess_w):
            message = f"excess_w is {self.excess_w}; it must be a finite number of watts"
            raise ValueError(message)
        for name in ("grid_w", "battery_w"):
            flow_w: float | None = getattr(self, name)
            if flow_w is not None and not math.isfinite(flow_w):
                message = f"{name} is {flow_w}; it must be a finite number of watts"
                raise ValueError(message)
        for name in ("age_s", "minimum_w", "maximum_w"):
            value: float | None = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                message = f"{name} is {value}; it must be a finite number, 0 or more"
                raise ValueError(message)
        if self.soc is not None and not 0 <= self.soc <= 1:
            message = f"soc is {self.soc}; it must lie between 0 and 1"
            raise ValueError(message)
