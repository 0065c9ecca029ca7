# SPDX-License-Identifier: GPL-3.0-or-later
"""The charge point itself, in the terms of neither version: it follows the plug and keeps its word.

All that changes is committed to the memory together with the messages about it. Nothing here waits
for the network.
"""

from __future__ import annotations

import math
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import structlog

from evsed.core.ocpp import ceiling as ceilings
from evsed.core.ocpp.local_list import LocalList, Verdict, judge
from evsed.core.ocpp.profiles import ChargingProfile, Supply
from evsed.core.ocpp.stack import MOST_PROFILES, ProfileStack, Tx
from evsed.core.ocpp.transactions import (
    Authorization,
    Change,
    Started,
    StopReason,
    Transactions,
)
from evsed.frontends.ocpp.clock import ClockStamp, StationClock
from evsed.frontends.ocpp.keys import Values
from evsed.frontends.ocpp.memory import Memory, NewItem
from evsed.frontends.ocpp.readings import ConnectorStatus, View, connector_status, samples
from evsed.frontends.ocpp.running import Running, SampleTimes

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.core.energy.sessions import EndReason
    from evsed.core.ocpp.ceiling import Ceiling
    from evsed.frontends.ocpp import OcppConfig

RETURN_S: Final = 60.0
"""Time for the central system to send its limits after a loss that outlasted the keep time."""

log = structlog.get_logger()


class Station:
    """The charge point of *config*; *memory* has what earlier lives kept. Raises `StoreError`."""

    def __init__(
        self,
        config: OcppConfig,
        memory: Memory,
        clock: StationClock,
        new_key: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.config = config
        self.memory = memory
        self.clock = clock
        self.view = View()
        self.online = False
        # Whether it was there a moment ago is not known: profiles are over, and not long ago.
        self.contact_at = clock.now() - config.offline_keep_s
        self.version = ""
        self._returned_at = math.inf  # when it was reached again after the keep time
        self.authorizing = ""  # the idTag that the central system is to be asked about
        self.ids: dict[str, int] = {}  # OCPP 1.6's numbers of transactions
        self.stack = ProfileStack()
        self.local_list = LocalList()
        self.values = Values()
        self.transactions = Transactions(new_key)
        self.on_change: Callable[[], None] = lambda: None
        self._new_key = new_key
        self._running: Running | None = None
        self._register_wh = 0.0
        self._charging = ""
        self._sample_times = SampleTimes()
        self._asked = ""  # the session in which the central system has refused
        self._remote_profile: ChargingProfile | None = None
        self._restore()

    def on_contact(self, sent_at: float) -> None:
        """Note that the central system has answered what was sent at *sent_at*."""
        if not self.online or sent_at <= self.contact_at:
            return
        if sent_at - self.contact_at >= self.config.offline_keep_s:
            self._returned_at = self.clock.now()
            self.on_change()
        self.contact_at = sent_at

    # --- what earlier lives kept --------------------------------------------------------------

    def _restore(self) -> None:
        readers: dict[str, Callable[[Any], None]] = {
            "transactions": self.transactions.restore,
            "running": self._restore_running,
            "register_wh": self._restore_register,
            "ids": self.ids.update,
            "stack": self._restore_stack,
            "local_list": self._restore_list,
            "values": self._restore_values,
        }
        for key, read in readers.items():
            kept = self.memory.get(key)
            try:
                if kept is not None:
                    read(kept)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                log.error(
                    "a part of what was kept for the central system (OCPP) makes no sense and is "
                    "dropped; the central system has to send it again",
                    part=key,
                    reason=str(error),
                )
        if self.transactions.transaction is not None and self._running is None:
            self._running = Running(self.clock.stamp())

    def _restore_running(self, kept: Any) -> None:  # noqa: ANN401 - JSON, as below
        self._running = Running.from_json(kept)

    def _restore_register(self, kept: Any) -> None:  # noqa: ANN401
        self._register_wh = float(kept)

    def _restore_stack(self, kept: Any) -> None:  # noqa: ANN401
        self.stack = ProfileStack.from_json(kept)

    def _restore_list(self, kept: Any) -> None:  # noqa: ANN401
        self.local_list = LocalList.from_json(kept)

    def _restore_values(self, kept: Any) -> None:  # noqa: ANN401
        self.values = Values.from_json(kept)

    # --- what happens at the plug -------------------------------------------------------------

    def update(self, view: View, end: EndReason | None = None) -> None:
        """Use *view* as it is now; *end* is the reason why the last session's current stopped."""
        self.view = view
        now = self.clock.now()
        self._apply(self.transactions.update(now, view.plug(end)))
        self._authorize_automatically()
        self._note_charging()
        self._sample(now)

    def _authorize_automatically(self) -> None:
        session = self.view.session
        if not self.transactions.wants_authorization or self._asked == session:
            self.authorizing = ""
            return
        id_tag = self.config.id_tag
        if self.config.authorize == "free":
            self._apply(self.transactions.authorize(Authorization(id_tag)))
        elif self.config.authorize == "id":
            entry = self.local_list.find(id_tag)
            verdict = judge(entry, self.values.rules, self.clock.epoch(), online=self.online)
            if verdict is Verdict.ACCEPT:
                self._apply(self.transactions.authorize(Authorization(id_tag)))
            asks = id_tag if verdict is Verdict.ASK else ""
            if asks != self.authorizing:
                self.authorizing = asks
                self.on_change()

    def on_authorized(self, id_tag: str, *, accepted: bool) -> None:
        """Use the central system's verdict about the idTag that it was asked for."""
        self.authorizing = ""
        if not accepted:
            self._asked = self.view.session
            log.warning(
                "the central system (OCPP) does not accept the idTag; nothing is charged until it "
                "does and the car is plugged in again",
                id_tag=id_tag,
            )
        elif self.transactions.wants_authorization:
            self._apply(self.transactions.authorize(Authorization(id_tag)))
        self.on_change()

    def on_id_tag_refused(self, key: str, status: str) -> None:
        """Use the answer to a transaction's start that its idTag is *status*, not accepted."""
        running = self.transactions.transaction
        if running is None or running.key != key or self.config.authorize == "free":
            return  # the owner gives to everybody
        log.warning("the central system (OCPP) refuses the idTag of this charge", status=status)
        self._asked = running.session
        if self.values.stop_on_invalid:
            self._apply(self.transactions.stop(StopReason.DE_AUTHORIZED))
        else:
            self.transactions.suspended = True
            self._keep()
        self.on_change()

    def _apply(self, changes: list[Change]) -> None:
        """Keep *changes* and the messages about them."""
        for change in changes:
            stamp, tx = self.clock.stamp(), change.transaction
            if isinstance(change, Started):
                self._running = Running(stamp)
                self._sample_times.on_start(stamp.at)
                self._charging = ""
                if (profile := self._remote_profile) is not None:
                    self.stack = self.stack.placed(replace(profile, transaction=tx.key))
                    self._remote_profile = None
                body = {"register_wh": self._register(), "id_tag": tx.id_tag}
                body |= {"remote_id": tx.remote_id, "session": tx.session}
                self._keep(self._item("start", tx.key, stamp, body))
            else:
                body = {"register_wh": self._register(), "reason": change.reason.value}
                item = self._item("stop", tx.key, stamp, body)
                self.stack = self.stack.after(-math.inf, "")
                self._running = None
                self._keep(item)
            self.on_change()

    def _item(self, kind: str, key: str, stamp: ClockStamp, body: dict[str, Any]) -> NewItem:
        running = self._running or Running(stamp)
        self._running = replace(running, sequence=running.sequence + 1)
        common = {"tx": key, "at": stamp.to_json(), "sequence": running.sequence}
        return NewItem(self._new_key(), kind, {**common, "online": self.online, **body})

    def _register(self) -> int:
        """Return the register in whole watt-hours; it never goes back, also after a power cut."""
        self._register_wh = max(self._register_wh, self.view.register_wh)
        return round(self._register_wh)

    def _keep(self, *items: NewItem) -> None:
        running = self._running
        self.memory.commit(
            {
                "transactions": self.transactions.to_json(),
                "running": running and running.to_json(),
                "register_wh": self._register_wh,
                "stack": self.stack.to_json(),
            },
            add=items,
        )
        if items:
            self.on_change()

    # --- samples ------------------------------------------------------------------------------

    def _sample(self, now: float) -> None:
        running = self.transactions.transaction is not None
        due = self._sample_times.due(now, self.clock.epoch(now), self.values, running=running)
        if running or self.online:
            for context, names in due:
                self._put_samples(context, names)

    def _put_samples(self, context: str, names: tuple[str, ...]) -> None:
        if not names:
            return
        running = self.transactions.transaction
        body = {"context": context, "values": samples(self._view_to_report(), names)}
        self._keep(self._item("meter", running.key if running else "", self.clock.stamp(), body))

    def sample_now(self) -> list[tuple[str, float, str]]:
        """Return the samples of this moment, as the central system has just asked for them."""
        return samples(self._view_to_report(), self.values.sampled)

    def _view_to_report(self) -> View:
        self._register()
        return replace(self.view, register_wh=self._register_wh)

    def _note_charging(self) -> None:
        """Queue a change of the charging state, which OCPP 2.0.1 reports in the transaction."""
        running, status = self.transactions.transaction, self.status.status
        if running is None or self.version != "2.0.1" or status == self._charging:
            return
        self._charging = status
        self._keep(self._item("update", running.key, self.clock.stamp(), {"state": status}))

    # --- orders of the central system ---------------------------------------------------------

    def remote_start(
        self, id_tag: str, profile: ChargingProfile | None = None, remote_id: int | None = None
    ) -> str:
        """Start a transaction now, or at the next plug-in; return why it is refused, "" if not."""
        if refused := self.refuses_start():
            return refused
        self._remote_profile = profile
        if profile is not None:
            self._returned_at = -math.inf  # it has given its limit
        until_at = self.clock.now() + self.values.connection_s
        until_at = math.inf if self.view.session else until_at
        self._asked = ""
        self._apply(self.transactions.authorize(Authorization(id_tag, until_at, remote_id)))
        return ""

    def refuses_start(self) -> str:
        """Return the reason why no transaction may start; "" where one may."""
        if self.view.off:
            return "the owner has switched the charger off"
        if self.transactions.transaction is not None:
            return "a transaction is under way"
        if not self.transactions.operative:
            return "the charger is out of use"
        if self.view.faults or self.view.evse_status in ("Faulted", "Unavailable"):
            return "the charger has a fault"
        return ""

    def stop(self, reason: StopReason) -> None:
        """Stop the transaction because of *reason*."""
        self._apply(self.transactions.stop(reason))

    def set_operative(self, *, operative: bool) -> bool:
        """Put the charger in or out of use; return False where a transaction has to end first."""
        self.transactions.operative = operative
        self.transactions.withdraw()
        self._keep()
        self.on_change()
        return operative or self.transactions.transaction is None

    def place(self, profile: ChargingProfile) -> None:
        """Install *profile*; raise ValueError where there are too many."""
        running = self.transactions.transaction
        stack = self.stack.placed(profile)
        if self.clock.known:
            stack = stack.after(self.clock.epoch(), running.key if running else "")
        if len(stack.profiles) > MOST_PROFILES:
            raise ValueError(f"{MOST_PROFILES} profiles are the most")
        self.set_stack(stack)

    def set_stack(self, stack: ProfileStack) -> None:
        """Put *stack* in place of the profiles."""
        self.stack = stack
        self._returned_at = -math.inf  # it has given its limits
        self._keep()
        self.on_change()

    def set_values(self, values: Values) -> None:
        """Put *values* in force."""
        self.values = values
        self.memory.commit({"values": values.to_json()})
        self.on_change()

    def set_list(self, local_list: LocalList) -> None:
        """Put *local_list* in force."""
        self.local_list = local_list
        self.memory.commit({"local_list": local_list.to_json()})

    # --- what follows -------------------------------------------------------------------------

    @property
    def most_a(self) -> float:
        """The most current of the supply, amperes."""
        return self.config.most_a

    @property
    def supply(self) -> Supply:
        """The mains."""
        return Supply(self.view.mains_v, self.view.phases)

    @property
    def status(self) -> ConnectorStatus:
        """The status of the connector."""
        transactions = self.transactions
        return connector_status(
            self.view,
            transaction=transactions.transaction is not None,
            available=transactions.available,
            finished=transactions.finished,
        )

    @property
    def tx(self) -> Tx | None:
        """The transaction as profiles see it."""
        running, transaction = self._running, self.transactions.transaction
        if running is None or transaction is None:
            return None
        return Tx(transaction.key, self.clock.epoch_of(running.began))

    @property
    def began(self) -> ClockStamp | None:
        """When the transaction began; None without one."""
        return None if self._running is None else self._running.began

    def ceiling(self) -> Ceiling:
        """Return the ceiling that the daemon is to follow from now on."""
        transactions, config = self.transactions, self.config
        waits = transactions.transaction is None and config.authorize == "free"
        open_to_all = waits and transactions.operative and not transactions.finished
        if (barrier := transactions.barrier()) and not open_to_all:
            return ceilings.closed(barrier)
        now = self.clock.now()
        offline = ceilings.Offline(config.offline_keep_s, config.offline_max_a)
        moment = ceilings.CentralMoment(now, self.clock.epoch(now))
        made = ceilings.open_ceiling(
            self.stack, self.tx, self.supply, offline, self.contact_at, moment
        )
        until_at = self._returned_at + RETURN_S
        return ceilings.returning(made, until_at, now, offline) if now < until_at else made
