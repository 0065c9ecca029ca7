# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders from the broker: read, carried out by the hub, answered. No connection here.

An order is the payload of `evsed/<id>/set/<name>`: a bare value or JSON. The names are those of the
owner's controls, and `claim`, `ack`, `wake`. What the owner has switched off on the page stays off;
an off that came by MQTT may be ended by MQTT. Nothing that arrives here raises: every order has an
outcome.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evsed.core.user.controls import ControlsError
from evsed.errors import EvsedError
from evsed.frontends.claim_orders import read_claim

if TYPE_CHECKING:
    from evsed.frontends.hub import Hub

CONTROLS: Final = ("mode", "max_current_a", "session_kwh", "session_h", "window", "plan")
NAMES: Final = (*CONTROLS, "claim", "ack", "wake")
"""The orders there are."""

LARGEST_BYTES: Final = 4096
"""No order is a tenth as long."""

PROGRAM: Final = "mqtt"
WHO: Final = "MQTT"
"""The author of these orders in events.log: a broker names no user."""


@dataclass(frozen=True, slots=True)
class OrderResult:
    """The answer to one order, published on `evsed/<id>/result`."""

    order: str
    ok: bool
    reason: str

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps({"order": self.order, "ok": self.ok, "reason": self.reason})


class OrderError(ValueError):
    """An order that makes no sense; the text says why."""


async def carry_out(hub: Hub, name: str, payload: bytes, *, retained: bool) -> OrderResult:
    """Carry out the order *name* with *payload*; return its outcome."""
    if name not in NAMES:
        return OrderResult(
            name[:30], ok=False, reason=f"there is no such order; {', '.join(NAMES)}"
        )
    try:
        reason = await _carry_out(hub, name, payload, retained=retained)
    except ControlsError as error:
        return OrderResult(name, ok=False, reason=f"{error}; nothing was changed")
    except (ValueError, EvsedError) as error:
        return OrderResult(name, ok=False, reason=str(error))
    return OrderResult(name, ok=True, reason=reason)


async def _carry_out(hub: Hub, name: str, payload: bytes, *, retained: bool) -> str:
    if retained:
        raise OrderError(
            "a retained order was refused: it would be repeated at every connection; publish it "
            "without the retain flag, and clear the topic with an empty retained message"
        )
    value = read_value(payload)
    if name == "ack":
        return await _acknowledge(hub)
    if name == "wake":
        return await hub.wake(WHO)
    if name == "claim":
        if value is None:
            return await hub.withdraw_claim(WHO, PROGRAM)
        return await hub.place_claim(WHO, PROGRAM, read_claim(value, time.monotonic()))
    return await hub.update_controls(WHO, {name: value}, program=PROGRAM)


async def _acknowledge(hub: Hub) -> str:
    """Acknowledge faults. Raises `OrderError` where one of them needs a person at the box."""
    waiting = [fault.name for fault in hub.status().faults if fault.for_people]
    if waiting:
        raise OrderError(
            f"{', '.join(waiting)} waits for somebody who has looked at the box, and was not "
            "acknowledged: acknowledge it on evsed's page or with `evsed ack`"
        )
    return await hub.acknowledge(WHO)


def read_value(payload: bytes) -> object:
    """Return the value of an order: JSON, else the bare text; None for "" and null.

    Raises `OrderError` for a payload that is too long or not text.
    """
    if len(payload) > LARGEST_BYTES:
        raise OrderError(f"the payload has {len(payload)} bytes; {LARGEST_BYTES} are the most")
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        raise OrderError("the payload is not text (UTF-8)") from None
    if not text:
        return None
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value
