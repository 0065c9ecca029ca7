# SPDX-License-Identifier: GPL-3.0-or-later
"""The life cycle that all boards share: acquire the wires, hold them, release them, back off.

Acquiring may last seconds, so it runs in a thread of its own; the ticks only ask whether it is
through. After a failure the next attempt waits, and so it does after wires that were lost before
they were seen to work.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from evsed.core.text import text
from evsed.errors import BoardError, BoardGone

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_WAIT_S: Final = 0.25
LONGEST_WAIT_S: Final = 5.0
"""Pauses between attempts that fail: 0.25 s, doubling up to 5 s."""


class Session(Protocol):
    """The wires while they are held."""

    def release(self) -> None:
        """Make the outputs safe and give the wires back; never raises."""


S = TypeVar("S", bound=Session)


class HeldBoard(ABC, Generic[S]):
    """A board whose wires are held in a session of type `S`; see `evsed.boards.Board`.

    *clock* measures the pauses between attempts.
    """

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self._clock: Final = clock
        # One thread, so that one attempt at a time is made however long it lasts.
        self._worker: Final = ThreadPoolExecutor(1, f"evsed-{name}")
        self._acquiring: Future[S] | None = None
        self._held: S | None = None
        self._worked = False
        self._wait_s = 0.0
        self._not_before_at = 0.0

    @abstractmethod
    def _acquire(self) -> S:
        """Take the wires in the worker's thread. Raises `BoardError` with all given back."""

    @abstractmethod
    def _begin(self, session: S) -> None:
        """Arm the dead-man in the thread of the ticks; from now on the beats must come."""

    @property
    def is_open(self) -> bool:
        """True while the wires are held."""
        return self._held is not None

    def open(self) -> bool:
        """Start or continue to acquire the wires; see `Board.open`.

        Raises `BoardError` with the reason of a failed attempt. Until the pause after that is over
        it only returns False.
        """
        if self._held is not None:
            return True
        if self._acquiring is None:
            if self._clock() >= self._not_before_at:
                self._acquiring = self._worker.submit(self._acquire)
            return False
        if not self._acquiring.done():
            return False
        acquiring, self._acquiring = self._acquiring, None
        try:
            self._held = acquiring.result()
            self._begin(self._held)
        except BoardError:
            self._release()
            self._back_off()
            raise
        self._worked = False
        return True

    def close(self) -> None:
        """Make the outputs safe as far as they can be reached, then release; never raises.

        Ends within 0.3 s.
        """
        acquiring, self._acquiring = self._acquiring, None
        if acquiring is not None and not acquiring.cancel():
            # Whenever that attempt ends, its wires are given back; this does not wait for it.
            acquiring.add_done_callback(_give_back)
        if self._release() and not self._worked:
            self._back_off()  # the wires were taken, and lost before they were seen to work

    @property
    def _session(self) -> S:
        """The wires. Raises `BoardGone` where they are not held."""
        if self._held is None:
            raise BoardGone(text("the board is not open; nothing is driven; open it first"))
        return self._held

    def _on_working(self) -> None:
        """Note that the outputs were read back as they should be."""
        self._worked, self._wait_s = True, 0.0

    def _release(self) -> bool:
        session, self._held = self._held, None
        if session is not None:
            session.release()
        return session is not None

    def _back_off(self) -> None:
        self._wait_s = min(max(FIRST_WAIT_S, 2 * self._wait_s), LONGEST_WAIT_S)
        self._not_before_at = self._clock() + self._wait_s


def _give_back(acquiring: Future[S]) -> None:
    if not acquiring.cancelled() and acquiring.exception() is None:
        acquiring.result().release()
