# SPDX-License-Identifier: GPL-3.0-or-later
"""The contactors seen through their mirror contacts; and the proof that the charge pump lets go.

The coil has two switches in series (hw/): the contactor's GPIO, and a charge pump that only the
beats keep up. To see that the pump lets go, the GPIO has to be on while the beats are withheld.
That must not be tried with no car in C: with a pump that is stuck it would put mains on an open
plug. And it must not replace an opening: the pump may take 200 ms, a car that leaves C is owed
100 ms. So it is tried at the one moment at which closing is right anyway, as the first part of a
closing: the beats stop for 250 ms, then the GPIO goes on without them. A pump that is well keeps
the contacts open for the 300 ms in which any contactor would have closed; then the beats begin
again and it closes, half a second later than usual. A pump that is stuck closes the contacts where
they were allowed to close, is found out, and opened again by the GPIO. Nothing is ever switched
under load by the test, and no charge begins with a pump that was not tried in this life and within
a day.

Without mirror contacts none of this can be seen, and none of it is done.
"""

from __future__ import annotations

from evsed.core.pilot.faults import Fault

# EVerest's board support demands the first within 300 ms of the command, IEC 61851-1 seq. 8 leaves
# 100 ms for all of the second.
CLOSED_WITHIN_S = 0.3
OPEN_WITHIN_S = 0.1
AGREE = 2  # looks; a mirror contact may bounce, and lies next to what makes the sparks
TRIES = 3
HELD_S = 60.0  # a contactor that stayed closed so long has closed: its tries are forgotten
PUMP_DROPS_S = 0.25  # the pump of hw/ lets go within 200 ms over all tolerances
TEST_EVERY_S = 86_400.0


class Contactors:
    """One look a tick. What came of it stands in the public attributes until the next look.

    `faults`: what is wrong now. `ready`: nothing here speaks against closing. `pump`: whether the
    charge pump is to be beaten. `opened`: why the contactor is to be taken as open ("" it is not).
    """

    def __init__(self, now: float) -> None:
        self._commanded = False
        self._since = now  # of the command, or of the beats' coming back
        self._seen_closed = False
        self._looks = 0
        self._tries = 0
        self._tested_at: float | None = None
        self._withheld_since: float | None = None
        self.faults: dict[Fault, str] = {}
        self.ready = False
        self.opened = ""

    @property
    def pump(self) -> bool:
        """Whether the charge pump is to be beaten: not during its test."""
        return self._withheld_since is None

    def restart(self, now: float) -> None:
        """The board was lost and is back, with everything open."""
        self._commanded = False
        self._since = now
        self._looks = 0
        self._withheld_since = None

    def update(
        self,
        now: float,
        feedback: tuple[bool, ...],
        *,
        closed: bool,
        closing: bool,
        plugged: bool,
    ) -> None:
        """Compare the contacts (*feedback*, True is closed) with the command *closed*.

        *closing*: the state machine would close now, were this ready. *plugged*: a car is there.
        """
        self.faults = {}
        self.opened = ""
        if closed is not self._commanded:
            self._commanded = closed
            self._since = now
            self._seen_closed = False
            self._looks = 0
        if not plugged:
            self._tries = 0
        if not closed:
            self._update_open(now, any(feedback), closing=closing)
        elif self._withheld_since is not None:
            self._update_tested(now, any(feedback))
        else:
            self._update_closed(now, closed=all(feedback))

    def _update_open(self, now: float, any_closed: bool, *, closing: bool) -> None:  # noqa: FBT001
        due = self._tested_at is None or now - self._tested_at >= TEST_EVERY_S
        if not (closing and due):
            self._withheld_since = None
        elif self._withheld_since is None:
            self._withheld_since = now
        withheld_since = self._withheld_since
        self.ready = not due or (
            withheld_since is not None and now - withheld_since >= PUMP_DROPS_S
        )
        late = any_closed and now - self._since >= OPEN_WITHIN_S
        self._looks = self._looks + 1 if late else 0
        if self._looks >= AGREE:
            self.faults[Fault.CONTACTOR] = (
                f"the contacts are still closed {now - self._since:.2f} s after they were told to "
                "open"
            )

    def _update_tested(self, now: float, any_closed: bool) -> None:  # noqa: FBT001
        """The GPIO is on and the beats are withheld: the contacts must stay open."""
        if any_closed:
            self._withheld_since = None
            self._seen_closed = True
            self.faults[Fault.DEAD_MAN] = (
                "the contacts closed although the beats were withheld for 250 ms"
            )
        elif now - self._since >= CLOSED_WITHIN_S:
            self._withheld_since = None
            self._tested_at = self._since = now

    def _update_closed(self, now: float, *, closed: bool) -> None:
        if closed:
            self._seen_closed = True
            self._looks = 0
            if now - self._since >= HELD_S:
                self._tries = 0
            return
        self._looks += 1
        if self._looks < AGREE or not (self._seen_closed or now - self._since >= CLOSED_WITHIN_S):
            return
        what = (
            "the contacts let go by themselves"
            if self._seen_closed
            else "the contacts are still open 0.3 s after they were told to close"
        )
        self._looks = 0
        self._tries += 1
        if self._tries < TRIES:
            self.opened = f"{what} (try {self._tries} of {TRIES})"
        else:
            self._tries = 0
            self.faults[Fault.CONTACTOR_OPEN] = f"{what}, {TRIES} times"
