# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories: what is done to a running evsed once, several at a time, and then asked by tests.

A charge takes five seconds to begin, and most of that is waiting. So what happens to a rig is a
function of its own, a story; the tests that are marked with it get what it returns. A test with a
rig of its own is a story by itself. All stories of the tests that were selected run in a few
threads while the tests look at the first.
"""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Condition
from typing import TYPE_CHECKING, Any

import pytest

from tests.processes.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

AT_A_TIME = 6  # each needs a fifth of a processor
ATTEMPTS = 6
TRIES_S = 600.0  # a story that took so long in all its attempts is not played again


class StalledError(AssertionError):
    """The machine was too slow for the story to be the one that its test asks about."""


def of(story: Callable[[Rig], Any]) -> pytest.MarkDecorator:
    """Mark a test that judges the outcome of *story*; it gets that as `outcome`."""
    return pytest.mark.story.with_args(story)


def story_of(item: pytest.Item) -> Callable[[Rig], Any] | None:
    """The story that *item* is marked with."""
    marker = item.get_closest_marker("story")
    story: Callable[[Rig], Any] | None = marker.args[0] if marker else None
    return story


class Stage:
    """The place where stories run: many at a time, or one alone."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._present = 0
        self._alone = 0  # alone, or waiting for it

    @contextlib.contextmanager
    def among_others(self) -> Iterator[None]:
        """Wait until no story wants to be alone; then be here."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._present += 1
        try:
            yield
        finally:
            with self._changed:
                self._present -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other story begin, wait until all have left; then be here."""
        with self._changed:
            self._alone += 1
            self._changed.wait_for(lambda: not self._present)
            self._present += 1
        try:
            yield
        finally:
            with self._changed:
                self._present -= 1
                self._alone -= 1
                self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Played:
    """A story that was played: its outcome or its error, and whether the machine stood still."""

    outcome: Any
    error: Exception | None
    stalled: bool
    took_s: float


class Stories:
    """All that are wanted, under way.

    evsed does right to open when the machine stands still. But then it is another story than the
    one a test asks about. So a story that fails is played again, with no other beside it, where
    the simulator's stamps show that the machine stood still. What fails although it did not, or
    in every attempt, has failed.
    """

    def __init__(self, stories: Iterable[Callable[[Rig], Any]]) -> None:
        self._pool = ThreadPoolExecutor(AT_A_TIME, "story")
        self._stage = Stage()
        self._played: dict[Callable[[Rig], Any], list[Played]] = {}
        self._begun: dict[Callable[[Rig], Any], Future[None]] = {
            story: self._pool.submit(self._begin, story) for story in dict.fromkeys(stories)
        }

    def outcome(self, story: Callable[[Rig], Any]) -> Any:  # noqa: ANN401 - what the story returns
        """The outcome of *story*; raises what it raised.

        A story that is not under way is played in the thread that asks.
        """
        if story in self._begun:
            self._begun[story].result()
        elif story not in self._played:
            self._begin(story)
        last = self._played[story][-1]
        if last.error is not None:
            raise last.error
        return last.outcome

    def again(self, story: Callable[[Rig], Any]) -> bool:
        """Play *story* again because its outcome is not good; False where that has to stand."""
        played = self._played[story]
        spent_s = sum(each.took_s for each in played)
        if not played[-1].stalled or len(played) >= ATTEMPTS or spent_s >= TRIES_S:
            return False
        with self._stage.alone():
            played.append(_play(story))
        return True

    def played(self) -> dict[Callable[[Rig], Any], list[Played]]:
        """Every story that has been played, with each of its attempts."""
        return dict(self._played)

    def close(self) -> None:
        """Begin no further one, and wait for those under way."""
        self._pool.shutdown(cancel_futures=True)

    def _begin(self, story: Callable[[Rig], Any]) -> None:
        with self._stage.among_others():
            self._played[story] = [_play(story)]


def _play(story: Callable[[Rig], Any]) -> Played:
    began_at = time.monotonic()
    rig = Rig()
    outcome, error = None, None
    try:
        try:
            outcome = story(rig)
        except Exception as raised:  # noqa: BLE001 - it is raised where the story is asked for
            error = raised
        stalled = isinstance(error, StalledError) or bool(rig.pi.timeline().stalls())
    finally:
        rig.close()
    return Played(outcome, error, stalled, time.monotonic() - began_at)
