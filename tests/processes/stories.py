# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories: what is done to a running evsed once, several at a time, and then asked by tests.

A charge takes five seconds to begin, and most of that is waiting. So what happens to a rig is a
function of its own, a story; the tests that are marked with it get what it returns. A test with a
rig of its own is a story by itself. All stories of the tests that were selected run in a few
threads while the tests look at the first.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition
from typing import TYPE_CHECKING, Any

import pytest

from tests.processes.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.processes.timeline import Timeline

AT_A_TIME = 6  # each needs a fifth of a processor
ATTEMPTS = 6


class StalledError(AssertionError):
    """The machine stood still in the very moment that mattered, as the simulator's stamps show.

    evsed does right to open then; but it is another story, so this one runs again, with no
    other beside it, and at most six times in all.
    """


STALL_S = 0.030
"""A beat so long after the one before, by the simulator's stamps, may have been late to evsed.

Its own bound is 45 ms, but it looks at its clock when the answer has come back. A control process
that loses the processor between the two sees a late beat where the stamp shows none. Its next beat
is late by the same stretch, though: 45 ms less the 20 ms of a tick, and the few that a tick takes.
"""


def still_closed(timeline: Timeline, at: float) -> None:
    """Raise `StalledError` unless the contactor was closed at *at*, when it was struck."""
    if not timeline.closed_at(at):
        raise StalledError("it had opened by itself before it was struck")


def steady(timeline: Timeline, start: float, end: float) -> None:
    """Raise `StalledError` when a beat between *start* and *end* came late."""
    around = [beat for beat in timeline.beats if start - 0.1 <= beat <= end + 0.1]
    longest_s = max(
        (after - before for before, after in itertools.pairwise(around) if after >= start),
        default=0.0,
    )
    if longest_s > STALL_S:
        raise StalledError(f"a beat came {longest_s * 1000:.0f} ms after the one before")


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


class Stories:
    """All that are wanted, under way."""

    def __init__(self, stories: Iterable[Callable[[Rig], Any]]) -> None:
        self._pool = ThreadPoolExecutor(AT_A_TIME, "story")
        self._stage = Stage()
        self.took_s: dict[Callable[[Rig], Any], float] = {}
        self._outcomes: dict[Callable[[Rig], Any], Future[Any]] = {
            story: self._pool.submit(self._run, story) for story in dict.fromkeys(stories)
        }

    def outcome(self, story: Callable[[Rig], Any]) -> Any:  # noqa: ANN401 - what the story returns
        """The outcome of *story*; raises what it raised."""
        return self._outcomes[story].result()

    def close(self) -> None:
        """Begin no further one, and wait for those under way."""
        self._pool.shutdown(cancel_futures=True)

    def _run(self, story: Callable[[Rig], Any]) -> Any:  # noqa: ANN401 - see `outcome`
        began_at = time.monotonic()
        try:
            return _play(story, self._stage)
        finally:
            self.took_s[story] = time.monotonic() - began_at


def _play(story: Callable[[Rig], Any], stage: Stage) -> Any:  # noqa: ANN401 - see `outcome`
    for attempt in range(ATTEMPTS):
        with stage.alone() if attempt else stage.among_others():
            rig = Rig()
            try:
                return story(rig)
            except StalledError:
                if attempt == ATTEMPTS - 1:
                    raise
            finally:
                rig.close()
    raise AssertionError
