# SPDX-License-Identifier: GPL-3.0-or-later
"""The contactors seen through their mirror contacts; and the proof that each switch opens.

The coil has two switches in series (hw/): the contactor's GPIO, and a charge pump that only the
beats keep up. Each of them is tried at a moment at which its failure does no harm:

* **The pump** at each closing, as the first part of it: the GPIO goes on without beats, and the
  contacts must stay open for the 280 ms in which any contactor would have closed. Then the beats
  begin and it closes. A pump that is stuck closes the contacts where they were allowed to close,
  is found, and opened again by the GPIO. The proof is good for the same closing only, so a coil
  circuit that was open during the test proves nothing.
* **The GPIO** at each opening: the beats go on for 60 ms after it went off (see `charge_pump`), so
  contacts that open within 80 ms were opened by the GPIO, not by the pump. Where they do not, the
  beats have stopped by then, and the pump opens what is not welded.

A closing begins only while the mirror contacts report open. Two updates, 20 ms apart, must agree
before any fault is raised. Contacts that open by themselves stay open until the car is unplugged:
an emergency stop in the safety loop must not start a charge again when it is released (ISO 13850).

A part of the contactors may be what is to close (`phase_set`). Then the others are watched as well:
one that closes although it is to stay open may be a short circuit between two phases in the car,
and everything opens.

Without mirror contacts none of this can be seen, and none of it is done.
"""

from __future__ import annotations

from evsed.core.pilot.faults import Fault
from evsed.core.text import text

# EVerest's board support demands a closing within 300 ms of the command.
CLOSED_WITHIN_S = 0.3
# A contactor releases within 50 ms (EVerest's bring-up notes); the beats go on for 60 ms.
OPEN_WITHIN_S = 0.08
AGREE = 2  # updates; a mirror contact may bounce, and lies next to what makes the sparks
TRIES = 3
HELD_S = 60.0  # a contactor that stayed closed so long has closed: its tries are forgotten
TESTED_S = 0.28  # a few ms more with the tick: as long as any contactor takes to close


class Contactors:
    """`update()` every tick; the result stands in the public attributes until the next.

    `faults` are those of now. `ready`: the contacts are open, so a closing may begin. `pump`: the
    charge pump may be beaten. `opened`: the reason to treat the contactor as open ("": none).
    `proved_open`: two updates or more since the command to open have read every contact open.
    """

    def __init__(self, now: float) -> None:
        self._commanded = False
        self._changed_at = now  # of the command
        self._driven_at = now  # of both switches
        self._proved = False  # the pump, in this closing
        self._seen_closed = False
        self._agreeing = 0
        self._tries = 0
        self.faults: dict[Fault, str] = {}
        self.ready = False
        self.opened = ""
        self._open_updates = 0

    @property
    def proved_open(self) -> bool:
        """True while every contact is commanded open and reads open."""
        return not self._commanded and self._open_updates >= AGREE

    @property
    def pump(self) -> bool:
        """True while the charge pump may be beaten: not during its test."""
        return self._proved or not self._commanded

    def restart(self, now: float) -> None:
        """Start again with everything open: the board was lost and is back."""
        self._commanded = self._proved = False
        self._changed_at = now
        self._agreeing = self._open_updates = 0

    def update(
        self,
        now: float,
        feedback: tuple[bool, ...],
        *,
        closed: bool,
        plugged: bool,
        outputs: int | None = None,
    ) -> None:
        """Compare the contacts (*feedback*, True is closed) with the command *closed*.

        *plugged*: a car is plugged in. *outputs*: the first so many are those that close (None:
        all of them).
        """
        self.faults = {}
        self.opened = ""
        if closed is not self._commanded:
            self._commanded = closed
            self._changed_at = self._driven_at = now
            self._proved = self._seen_closed = False
            self._agreeing = 0
        if not plugged:
            self._tries = 0
        self.ready = not any(feedback)
        self._open_updates = self._open_updates + 1 if self.ready and not closed else 0
        if not closed:
            self._update_open(now, any_closed=any(feedback))
        elif not self._proved:
            self._update_tested(now, any_closed=any(feedback))
        elif any(feedback[outputs:] if outputs is not None else ()):
            self._update_beside()
        else:
            self._update_closed(now, all_closed=all(feedback[:outputs]))

    def _agree(self, *, true: bool) -> bool:
        """Count an observation; return whether enough of them agree."""
        self._agreeing = self._agreeing + 1 if true else 0
        return self._agreeing >= AGREE

    def _update_open(self, now: float, *, any_closed: bool) -> None:
        since_s = now - self._changed_at
        if self._agree(true=any_closed and since_s >= OPEN_WITHIN_S):
            self.faults[Fault.CONTACTOR] = text(
                "the contacts are still closed {since_s:.2f} s after the command to open",
                since_s=since_s,
            )

    def _update_tested(self, now: float, *, any_closed: bool) -> None:
        """Test the pump: the GPIO is on without beats, and the contacts must stay open."""
        if self._agree(true=any_closed):
            self._seen_closed = True
            self.faults[Fault.DEAD_MAN] = text(
                "the contacts closed without the charge pump's beats"
            )
        elif not any_closed and now - self._changed_at >= TESTED_S:
            self._proved = True
            self._driven_at = now

    def _update_beside(self) -> None:
        """Raise a fault for a contact that is closed although it is to stay open."""
        if self._agree(true=True):
            self.faults[Fault.CONTACTOR] = text(
                "the contacts of a phase that is to stay open are closed beside those of the others"
            )

    def _update_closed(self, now: float, *, all_closed: bool) -> None:
        driven_s = now - self._driven_at
        if all_closed:
            self._seen_closed = True
            if driven_s >= HELD_S:
                self._tries = 0
        if not self._agree(true=not all_closed):
            return
        if self._seen_closed:
            self.faults[Fault.CONTACTOR_OPEN] = text(
                "the contacts opened by themselves: an emergency stop or another contact "
                "of the safety loop, the coil's supply, or the coil"
            )
        elif driven_s >= CLOSED_WITHIN_S:
            detail = text("the contacts are still open 0.3 s after the command to close")
            self._agreeing = 0
            self._tries += 1
            if self._tries < TRIES:
                self.opened = text(
                    "{detail} (try {tries} of {most})",
                    detail=detail,
                    tries=self._tries,
                    most=TRIES,
                )
            else:
                self._tries = 0
                self.faults[Fault.CONTACTOR_OPEN] = text(
                    "{detail}, {most} times", detail=detail, most=TRIES
                )
