# SPDX-License-Identifier: GPL-3.0-or-later
"""The orders: the owner's controls and the claims of programs, changed by rule and kept.

It lives in the daemon's own loop. `LimitCalculator` makes limits of what is in force here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from evsed.core.solar.allotment_config import Mode
from evsed.core.text import text
from evsed.core.user.claims import Claims
from evsed.core.user.controls import OFF_STAYS, RANGES, Controls, ControlsError
from evsed.daemon.charger_state import Listeners
from evsed.daemon.local_zone import LocalZone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.core.user.claims import Claim
    from evsed.core.user.plan import ChargePlan
    from evsed.daemon.store_writer import StoreWriter
    from evsed.store import Json, Store

CONTROLS_NOTE: Final = "controls"
CLAIMS_NOTE: Final = "claims"
OFF_BY_NOTE: Final = "off_by"
PLAN_NOTE: Final = "plan"
GOAL_OVER: Final = text("a goal whose date is over was left out")
LEAST_A: Final = RANGES["max_current_a"][0]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OrdersInForce:
    """Controls of the owner and claims of programs, as they were in force at one moment."""

    controls: Controls
    claims: Claims


class Orders:
    """The controls and claims in force; *store* keeps them, *writer* writes there.

    *max_a* is the most current that the supply gives. `off_by` is the program that has set the mode
    off, "" the owner. `on_order` is called with who ordered and what, in words;
    `on_plan` with what came of a goal of the plan, and the level of that.
    """

    def __init__(self, store: Store, writer: StoreWriter, max_a: float) -> None:
        self._store = store
        self._writer = writer
        self._max_a = max_a
        self.controls = Controls()
        self.claims = Claims()
        self.off_by = ""
        self.plan_progress: Json = None
        self.on_order: Listeners[[str, str]] = Listeners()
        self.on_plan: Listeners[[str, str]] = Listeners()
        self._controls_set = False  # in this life: what an earlier one kept is out of date

    # --- earlier lives ------------------------------------------------------------------------

    def restore(
        self, controls: object, claims: object, off_by: object, plan_progress: Json
    ) -> None:
        """Put in force what an earlier life has kept, as far as this one has changed nothing."""
        if self.plan_progress is None:
            self.plan_progress = plan_progress
        if not self._controls_set:
            self.off_by = off_by if isinstance(off_by, str) else ""
            if controls is not None:
                self._restore_controls(controls)
        if claims is not None and not self.claims.of:
            self._restore_claims(claims)

    def _restore_controls(self, stored: object) -> None:
        """Restore the controls of an earlier life; mode off where they make no sense."""
        try:
            self.controls = Controls.from_json(stored)
        except ControlsError as error:
            self.controls = Controls(mode=Mode.OFF)
            log.error(
                "the owner's controls that were kept make no sense; the mode is off until it is "
                "set again, on the page or with `evsed set mode=solar`",
                reason=str(error),
            )

    def _restore_claims(self, stored: object) -> None:
        """Restore the claims of an earlier life; none where they make no sense."""
        try:
            self.claims = Claims.from_json(stored)
        except ValueError as error:
            log.error(
                "the claims of other programs that were kept make no sense and are dropped; "
                "nothing is to be done, each program claims again",
                reason=str(error),
            )

    # --- putting in force ---------------------------------------------------------------------

    @property
    def in_force(self) -> OrdersInForce:
        """The controls and claims in force now."""
        return OrdersInForce(self.controls, self.claims)

    def set_controls(self, controls: Controls) -> None:
        """Put *controls* in force, in this life and those to come."""
        self.controls = controls
        self._controls_set = True
        stored: Json = {**controls.to_json()}
        self._writer.submit(lambda: self._store.put(CONTROLS_NOTE, stored), urgent=True)

    def set_controls_of_plan(self, plan: ChargePlan | None) -> None:
        """Put *plan* in force: what is left of it when a goal for once is over."""
        self.set_controls(replace(self.controls, plan=plan))

    def set_plan_progress(self, progress: Json) -> None:
        """Keep how far the plan is, in the words of `daemon.plan_keeper`."""
        self.plan_progress = progress
        self._writer.submit(lambda: self._store.put(PLAN_NOTE, progress))

    def _set_off_by(self, program: str) -> None:
        """Keep that *program* has set the mode off; "" is the owner."""
        if program != self.off_by:
            self.off_by = program
            self._writer.submit(lambda: self._store.put(OFF_BY_NOTE, program), urgent=True)

    def set_claims(self, claims: Claims) -> None:
        """Put *claims* in force, and keep those that outlive a restart."""
        before, self.claims = self.claims, claims
        stored: Json = claims.to_json()
        if stored != before.to_json():
            self._writer.submit(lambda: self._store.put(CLAIMS_NOTE, stored), urgent=True)

    def on_unplugged(self) -> None:
        """Forget what was wanted for the session that is over."""
        left = self.controls.after_unplug()
        if left != self.controls:
            self.set_controls(left)
        self.set_claims(self.claims.after_unplug())

    def take_back(self, before: OrdersInForce) -> None:
        """Put in force again what *before* was for a session, where nothing was changed since."""
        if self.controls == before.controls.after_unplug() != before.controls:
            self.set_controls(before.controls)
        if self.claims == before.claims.after_unplug() != before.claims:
            self.set_claims(before.claims)

    # --- orders -------------------------------------------------------------------------------

    async def update_controls(
        self, who: str, patch: Mapping[str, object], *, program: str = ""
    ) -> str:
        """Change the owner's controls that *patch* names; see `frontends.hub.Hub`."""
        before = self.controls
        asked = before.updated(patch)
        controls = _with_dates(asked) if "plan" in patch else asked
        over = asked.plan is not None and (
            controls.plan is None or len(controls.plan.goals) < len(asked.plan.goals)
        )
        # An off of its own a program may end.
        others_off = before.mode is Mode.OFF and self.off_by != program
        if program and others_off and controls.mode is not Mode.OFF:
            raise ControlsError((("mode", OFF_STAYS),))
        if "max_current_a" in patch and (controls.max_current_a or 0.0) > self._max_a:
            refusal = text(
                "max_current_a must be {least_a:g} to {most_a:g} A: the supply gives no more",
                least_a=LEAST_A,
                most_a=self._max_a,
            )
            raise ControlsError((("max_current_a", refusal),))
        if "mode" in patch and not program:
            self.set_claims(self.claims.after_mode())
        changes = controls.changes_since(before)
        if controls.mode is Mode.OFF and "mode" in patch and not (program and others_off):
            self._set_off_by(program)
        if not changes:
            return _outcome(text("nothing changed: it was so already"), over=over)
        self.set_controls(controls)
        self.on_order.call(who, changes)
        return _outcome(changes, over=over)

    async def place_claim(self, who: str, program: str, claim: Claim) -> str:
        """Put *claim* in place of what *program* claimed before; see `frontends.hub.Hub`."""
        if claim.charging and self.controls.mode is Mode.OFF:
            raise ControlsError((("mode", OFF_STAYS),))
        previous = self.claims.of.get(program)
        self.set_claims(self.claims.placed(program, claim))
        outcome = claim.describe()
        if previous is None or previous.describe() != outcome:  # a renewal is no event
            self.on_order.call(
                who, text("{outcome} (claim of {program})", outcome=outcome, program=program)
            )
        return outcome

    async def withdraw_claim(self, who: str, program: str) -> str:
        """Withdraw the claim of *program*; see `frontends.hub.Hub`."""
        if program not in self.claims.of:
            return text("nothing changed: there was no claim")
        self.set_claims(self.claims.withdrawn(program))
        self.on_order.call(who, text("the claim of {program} is withdrawn", program=program))
        return text("withdrawn")


def _outcome(changes: str, *, over: bool) -> str:
    """Return *changes*, with a note where a goal's date is *over*."""
    return text("{changes}; {note}", changes=changes, note=GOAL_OVER) if over else changes


def _with_dates(controls: Controls) -> Controls:
    """Return *controls* with a date for each goal of its plan that is for once."""
    if controls.plan is None:
        return controls
    return replace(controls, plan=controls.plan.dated(datetime.now().astimezone(), LocalZone()))
