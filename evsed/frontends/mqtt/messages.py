# SPDX-License-Identifier: GPL-3.0-or-later
"""Topics, and the messages on them. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from evsed.frontends.classic import cp_value
from evsed.frontends.status import Status
from evsed.frontends.views import TickView

ONLINE: Final = "online"
OFFLINE: Final = "offline"
HOME_ASSISTANT_STATUS: Final = "homeassistant/status"
"""Home Assistant publishes `online` there when it has started (its MQTT birth message)."""

_NO_TIME: Final = datetime.fromtimestamp(0, UTC)
_NO_TICK: Final = TickView(count=0, worst_ms=0.0, late=0)


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of the evsed called *id*: eight hexadecimal digits."""

    id: str

    @property
    def state(self) -> str:
        """The status JSON, retained."""
        return f"evsed/{self.id}/state"

    @property
    def availability(self) -> str:
        """`online` or `offline`, retained; the last will is `offline`."""
        return f"evsed/{self.id}/availability"

    @property
    def result(self) -> str:
        """The outcome of each order."""
        return f"evsed/{self.id}/result"

    @property
    def discovery(self) -> str:
        """Home Assistant's device discovery, retained."""
        return f"homeassistant/device/evsed_{self.id}/config"

    def order(self, name: str) -> str:
        """The topic of the order *name*; "+" for all of them."""
        return f"evsed/{self.id}/set/{name}"

    def name_of(self, topic: str) -> str | None:
        """Return the name of the order on *topic*; None where it is not a topic of orders."""
        before, _, name = topic.rpartition("/")
        return name if f"{before}/" == self.order("") else None


def without_clocks(status: Status) -> Status:
    """Return *status* without the values that change by themselves as time passes.

    Two statuses with the same result differ in nothing that is worth a message.
    """
    return replace(
        status,
        at=_NO_TIME,
        uptime_s=0.0,
        feed_age_s=None,
        tick=_NO_TICK,
        limits=tuple(replace(limit, left_s=None) for limit in status.limits),
        claims=tuple(replace(claim, left_s=None) for claim in status.claims),
        phase_set=status.phase_set and replace(status.phase_set, left_s=None),
    )


def original_message(status: Status) -> str:
    """Return the JSON that the original published as `carcharger`.

    Keys and units are the original's: `CPValue` its own scale of the high plateau, `Power` and
    `dayenergy` in kW and kWh, `Delta` the feed's excess in W, `State` 1 to 4. `Temp` is null: the
    status has no temperature.
    """
    return json.dumps(
        {
            "CPValue": cp_value(status),
            "Power": round(status.power_w / 1000, 2),
            "Delta": None if status.excess_w is None else round(status.excess_w),
            "State": status.classic_state,
            "Temp": None,
            "dayenergy": round(status.day_wh / 1000, 3),
        }
    )
