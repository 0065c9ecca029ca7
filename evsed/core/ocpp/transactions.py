# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions: from the plug and an authorisation to the stop, with its reason.

A transaction belongs to a session (plug-in to unplug), begins when that session is authorised, and
gates the current: nothing flows without one. What happens is given as `Started` and `Stopped`,
which the caller keeps and sends. No clock and no network here.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from evsed.core.energy.sessions import EndReason
from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class StopReason(Enum):
    """The reasons of OCPP 1.6, section 7.36. evsed has no lock: it never gives UnlockCommand."""

    DE_AUTHORIZED = "DeAuthorized"
    EMERGENCY_STOP = "EmergencyStop"
    EV_DISCONNECTED = "EVDisconnected"
    HARD_RESET = "HardReset"
    LOCAL = "Local"
    OTHER = "Other"
    POWER_LOSS = "PowerLoss"
    REBOOT = "Reboot"
    REMOTE = "Remote"
    SOFT_RESET = "SoftReset"
    UNLOCK_COMMAND = "UnlockCommand"


_OF_END: Final[Mapping[EndReason, StopReason]] = {
    EndReason.POWER_CUT: StopReason.POWER_LOSS,
    EndReason.SHUTDOWN: StopReason.REBOOT,
    EndReason.BOARD_LOST: StopReason.OTHER,
    EndReason.DAEMON: StopReason.OTHER,
}


def stop_reason(end: EndReason | None) -> StopReason:
    """Return the reason for a transaction whose session is over, and ended its current by *end*.

    The car is unplugged, so that is the reason; unless evsed itself was not there to see it. A stop
    by owner, central system or emergency has ended the transaction before.
    """
    return _OF_END.get(end or EndReason.UNPLUGGED, StopReason.EV_DISCONNECTED)


@dataclass(frozen=True, slots=True)
class Authorization:
    """A permission for one transaction: who has it, and the plug-in it waits for until `until_at`.

    `remote_id` is the number that OCPP 2.0.1 gives a remote start.
    """

    id_tag: str
    until_at: float = math.inf
    remote_id: int | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction under way: its own `key`, the session it belongs to, and who has it."""

    key: str
    session: str
    id_tag: str
    remote_id: int | None = None


@dataclass(frozen=True, slots=True)
class Plug:
    """The state of the plug: the `session` of the car, "" without one; `end` of the last one.

    `off`: the owner has switched evsed off. `emergency`: its emergency stop is pressed.
    """

    session: str = ""
    end: EndReason | None = None
    off: bool = False
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A transaction has begun."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Stopped:
    """A transaction has ended because of `reason`."""

    transaction: Transaction
    reason: StopReason


Change = Started | Stopped


class Transactions:
    """The transaction of one connector, its authorisation, and whether the connector may be used.

    *new_key* makes a key that no other transaction has.
    """

    def __init__(self, new_key: Callable[[], str]) -> None:
        self._new_key = new_key
        self._plug = Plug()
        self._waiting: Authorization | None = None
        self._finished = ""  # the session in which a transaction was stopped for good
        self.transaction: Transaction | None = None
        self.operative = True  # as the central system wants it
        self.suspended = False  # by an idTag that turned out to be no good

    # --- what there is ------------------------------------------------------------------------

    @property
    def available(self) -> bool:
        """Return True where the connector may be used; a change waits for the transaction's end."""
        return self.operative or self.transaction is not None

    @property
    def finished(self) -> bool:
        """Return True where a transaction has ended, and its car is still plugged in."""
        return self.transaction is None and self._finished == self._plug.session != ""

    @property
    def wants_authorization(self) -> bool:
        """Return True where a car waits, and nothing but an authorisation is missing."""
        return (
            self._plug.session != ""
            and self.transaction is None
            and self._waiting is None
            and not self._plug.off
            and self.operative
            and not self.finished
        )

    def barrier(self) -> str:
        """Return the reason why nothing may flow; "" where a transaction is under way."""
        if self.transaction is not None:
            return text("the central system does not know this user") if self.suspended else ""
        if not self.operative:
            return text("the central system (OCPP) has taken this charger out of use")
        if self.finished:
            return text(
                "the charge was ended by OCPP; a remote start or plugging in again begins another"
            )
        return text("the charge is not authorised yet (OCPP)")

    # --- what happens -------------------------------------------------------------------------

    def update(self, now: float, plug: Plug) -> list[Change]:
        """Use *plug* as it is at *now*; return what follows."""
        self._plug = plug
        if self._waiting is not None and now >= self._waiting.until_at:
            self._waiting = None
        changes: list[Change] = []
        running = self.transaction
        if running is not None and plug.session != running.session:
            changes += self.stop(stop_reason(plug.end))
        elif running is not None and plug.emergency:
            changes += self.stop(StopReason.EMERGENCY_STOP)
        elif running is not None and plug.off:
            changes += self.stop(StopReason.LOCAL)
        if self._finished != plug.session:
            self._finished = ""
        return changes + self._begin()

    def authorize(self, authorization: Authorization) -> list[Change]:
        """Use *authorization*, for the car that is there or the next one; return what follows."""
        self._waiting = authorization
        self._finished = ""
        return self._begin()

    def withdraw(self) -> None:
        """Forget an authorisation that no car has used."""
        self._waiting = None

    def stop(self, reason: StopReason) -> list[Change]:
        """Stop the transaction, if there is one, because of *reason*; return what follows.

        After a stop by the owner's off, which the owner can take back, a car may be authorised
        again without being plugged in again.
        """
        running, self.transaction, self.suspended = self.transaction, None, False
        if running is None:
            return []
        if reason is not StopReason.LOCAL:
            self._finished = running.session
        return [Stopped(running, reason)]

    def _begin(self) -> list[Change]:
        waiting, plug = self._waiting, self._plug
        ready = plug.session and not plug.off and not plug.emergency and self.operative
        if waiting is None or self.transaction is not None or not ready:
            return []
        self._waiting = None
        self.transaction = Transaction(
            self._new_key(), plug.session, waiting.id_tag, waiting.remote_id
        )
        return [Started(self.transaction)]

    # --- outliving a restart ------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return what outlives a restart, in JSON's own types."""
        return {
            "transaction": None if self.transaction is None else asdict(self.transaction),
            "finished": self._finished,
            "operative": self.operative,
            "suspended": self.suspended,
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Restore what `to_json()` gave. Raises KeyError or TypeError for other things."""
        running = kept["transaction"]
        self.transaction = None if running is None else Transaction(**running)
        self._finished = str(kept["finished"])
        self.operative = bool(kept["operative"])
        self.suspended = bool(kept["suspended"])
