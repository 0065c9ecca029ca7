# SPDX-License-Identifier: GPL-3.0-or-later
"""Days in parallel, in the order given, with a bar that shows how far it is."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final, TextIO

from evsed.errors import DayError

if TYPE_CHECKING:
    from evsed.sim.replay.job import Job
    from evsed.sim.replay.report import Result

_BAR: Final = 30
_AHEAD: Final = 2
"""Days that wait for each processor: a day is 86 400 numbers, and a year would fill the memory."""


def outcomes(
    replay: Callable[[Job], Result | DayError],
    jobs: Iterable[Job | DayError],
    expected: Callable[[], int],
    screen: TextIO,
) -> Iterator[Result | DayError]:
    """The outcome of each job in order; `expected` is how many are known of so far."""
    jobs = iter(jobs)
    first = list(islice(jobs, 2))
    if len(first) < 2:  # noqa: PLR2004 - one day needs no second process
        for job in first:
            yield job if isinstance(job, DayError) else replay(job)
        return
    workers = os.cpu_count() or 1
    done = 0
    # spawn: a fork would copy the locks that the threads of this process hold
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: deque[Future[Result | DayError] | DayError] = deque()
        _show(screen, 0, expected())
        for job in chain(first, jobs):
            waiting.append(job if isinstance(job, DayError) else pool.submit(replay, job))
            while len(waiting) >= _AHEAD * workers:
                outcome = _result(waiting.popleft())
                done += 1
                _show(screen, done, max(done, expected()))
                yield outcome
        while waiting:
            outcome = _result(waiting.popleft())
            done += 1
            _show(screen, done, max(done, expected()))
            yield outcome


def _result(waiting: Future[Result | DayError] | DayError) -> Result | DayError:
    """Wait for the result of a job."""
    return waiting if isinstance(waiting, DayError) else waiting.result()


def _show(screen: TextIO, done: int, whole: int) -> None:
    """Draw the bar: in place on a terminal, elsewhere a line for each tenth."""
    whole = max(whole, 1)
    full = _BAR * done // whole
    text = f"[{'#' * full}{'.' * (_BAR - full)}] {done} of {whole} days"
    if screen.isatty():
        screen.write(text + ("\r" if done < whole else "\n"))
    elif done in (0, whole) or done * 10 // whole != (done - 1) * 10 // whole:
        screen.write(text + "\n")
    screen.flush()
