# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed replay`: recorded days through the production rules, and what came of it.

Allotment, state machine and session code are those of the daemon; time is made up, and the car and
the feed are those of `plant`. Files are read here, where a question can be asked; days are replayed
in parallel.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from evsed.errors import DayError, EvsedError
from evsed.sim.dayfiles import AmbiguousDay, ReadOptions, RecordedDay, open_days
from evsed.sim.dayfiles.cut import Days
from evsed.sim.replay.arguments import add_arguments
from evsed.sim.replay.configuration import Variant, describe, read_options, variants
from evsed.sim.replay.history import Recorded, recorded_days
from evsed.sim.replay.job import Job, replay_day
from evsed.sim.replay.parallel import outcomes
from evsed.sim.replay.report import Prices, Result, as_json, comparison, table
from evsed.sim.replay.stretches import as_text

__all__ = ["EX_DATAERR", "add_arguments", "run"]

EX_DATAERR: Final = 65
"""Exit code where a day cannot be read (sysexits.h)."""

FEW: Final = 2
"""Of so many days each one's reasons are shown without being asked for."""

COLLECT_AFTER: Final = 1_000_000  # objects


def run(options: argparse.Namespace) -> int:
    """Replay the days of `options`; 0, or 65 where one could not be read or written."""
    # Millions of small objects and no circles among them: the collector finds nothing, and takes a
    # tenth of the time.
    gc.set_threshold(COLLECT_AFTER)
    if not options.days and not options.from_history:
        print("evsed: give a file, or --from-history DATE", file=sys.stderr)  # noqa: T201 - a command's answer
        return EX_DATAERR
    try:
        chosen = variants(options)
    except DayError as error:
        print(f"evsed: {error}", file=sys.stderr)  # noqa: T201 - the same
        return EX_DATAERR
    if options.car is not None:
        return _try_car(options, chosen[0])
    prices = Prices(options.price, options.feed_in_price)
    work = _Work(options, chosen)
    results: list[Result] = []
    failed = False
    for outcome in outcomes(replay_day, work.jobs(), lambda: work.expected, sys.stderr):
        if isinstance(outcome, Result):
            results.append(outcome)
            if options.json:
                print(json.dumps(as_json(outcome, prices)), flush=True)  # noqa: T201 - the same
        else:
            failed = True
            print(f"evsed: {outcome}", file=sys.stderr)  # noqa: T201 - the same
    if results and not options.json:
        print(_shown(results, chosen, options, prices))  # noqa: T201 - the same
    if results and options.html is not None:
        failed = not _write_page(options.html, results, chosen, options, prices) or failed
    return EX_DATAERR if failed else 0


def _try_car(options: argparse.Namespace, variant: Variant) -> int:
    """Try a car of the library on the days of `options`; 0, or 65 where that cannot be done."""
    from evsed.sim.replay.car_trial import describe_trial  # noqa: PLC0415 - `evsed off` must start fast

    failed = False
    for job in _Work(options, (variant,)).jobs():
        try:
            if isinstance(job, DayError):
                raise job
            print(describe_trial(job.day, variant.rules, options.car))  # noqa: T201 - a command's answer
        except (DayError, ValueError) as error:
            failed = True
            print(f"evsed: {error}", file=sys.stderr)  # noqa: T201 - the same
    return EX_DATAERR if failed else 0


class _Work:
    """The jobs of a command, read one file after the other. `expected` grows with what is found."""

    def __init__(self, options: argparse.Namespace, chosen: Sequence[Variant]) -> None:
        """Keep the options."""
        self._options = options
        self._variants = chosen
        self._read = read_options(options)
        self._several = len(options.days) + len(options.from_history or []) > 1 or len(chosen) > 1
        self.expected = (len(options.days) + len(options.from_history or [])) * len(chosen)

    def jobs(self) -> Iterator[Job | DayError]:
        """Every day under every variant; an error in place of a file that cannot be read."""
        for date in self._options.from_history or []:
            try:
                recorded = recorded_days(self._options, date)
            except EvsedError as error:
                yield DayError(str(error))
                continue
            yield from self._of_day(recorded.day, several=self._several, recorded=recorded)
        for path in self._options.days:
            try:
                days = self._days(path)
            except DayError as error:
                self.expected -= len(self._variants) - 1
                yield error
                continue
            self.expected += (days.count - 1) * len(self._variants)
            for day in days.each:
                if isinstance(day, DayError):
                    yield day
                else:
                    yield from self._of_day(day, several=self._several or days.count > 1)

    def _days(self, path: Path) -> Days:
        """The days of a file; at a terminal a doubt is settled by a question."""
        while True:
            try:
                return open_days(path, self._read)
            except AmbiguousDay as error:
                if not error.choices or self._options.json or not _interactive():
                    raise
                self._read = _ask(error, self._read)

    def _of_day(
        self, day: RecordedDay, *, several: bool, recorded: Recorded | None = None
    ) -> Iterator[Job]:
        """A day under every variant."""
        for variant in self._variants:
            name = f"{day.name} {variant.label}".strip().replace("/", "-")
            trace, plot = (
                _beside(file, name, several=several)
                for file in (self._options.trace, self._options.plot)
            )
            yield Job(day, variant, trace, plot, self._options.html is not None, recorded)


def _interactive() -> bool:
    """Return True where a person at a terminal can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(error: AmbiguousDay, options: ReadOptions) -> ReadOptions:
    """Put the choices to the person at the terminal. Raises the error where none is taken."""
    print(error.message, file=sys.stderr)  # noqa: T201 - a question
    for number, choice in enumerate(error.choices, 1):
        print(f"  {number}  {choice.words}  ({choice.command()})", file=sys.stderr)  # noqa: T201 - the same
    print("Number (empty: leave this file out): ", end="", file=sys.stderr, flush=True)  # noqa: T201 - the same
    try:
        answer = input()
    except EOFError:
        answer = ""
    if not answer.strip().isdigit() or not 1 <= int(answer) <= len(error.choices):
        raise error
    return options.with_choice(error.choices[int(answer) - 1])


def _beside(file: Path | None, name: str, *, several: bool) -> Path | None:
    """The file of one day of several: its name is added."""
    if file is None or not several:
        return file
    return file.with_name(f"{file.stem}-{name}{file.suffix}")


def _shown(
    results: Sequence[Result],
    chosen: Sequence[Variant],
    options: argparse.Namespace,
    prices: Prices,
) -> str:
    """Everything for the terminal: how files were read, figures, reasons."""
    parts = [_read_as(results)]
    parts.append(describe(chosen, options))
    days = len({(result.name, result.started) for result in results})
    if len(chosen) > 1:
        parts.append(comparison(results, prices))
    if len(chosen) == 1 or days <= FEW:
        parts.append(table(results, prices))
    if len(results) <= FEW or options.reasons:
        parts.extend(
            f"{result.name} {result.settings}".strip() + ":\n" + as_text(result.lines)
            for result in results
        )
    parts.extend(
        f"{result.name}, recorded and replayed:\n"
        + "\n".join(f"  {line}" for line in result.differences)
        for result in results
        if result.differences
    )
    return "\n\n".join(part for part in parts if part)


def _read_as(results: Sequence[Result]) -> str:
    """The reading of the files; those that were read alike are named together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for result in results:
        columns = tuple(
            line for line in result.read_as if " to " not in line or "a row every" not in line
        )
        spans = [line for line in result.read_as if line not in columns]
        text = f"{result.name}: {spans[0]}" if spans else result.name
        names = groups.setdefault(columns, [])
        if text not in names:
            names.append(text)
    lines: list[str] = []
    for columns, names in groups.items():
        lines.extend(names[:3])
        if len(names) > 3:  # noqa: PLR2004 - as many as are shown
            lines.append(f"and {len(names) - 3} more days, read the same way")
        lines.extend(f"  {line}" for line in columns)
    return "\n".join(lines)


def _write_page(
    file: Path,
    results: Sequence[Result],
    chosen: Sequence[Variant],
    options: argparse.Namespace,
    prices: Prices,
) -> bool:
    """Write the page; False, and said why, where it cannot be written."""
    from evsed.sim.replay.page import page  # noqa: PLC0415 - `evsed off` must start fast

    try:
        file.write_text(page(results, describe(chosen, options), prices), encoding="utf-8")
    except OSError as error:
        print(  # noqa: T201 - a command's answer
            f"evsed: {file} cannot be written ({error.strerror}); the figures above are all "
            "there is. "
            "Choose a folder that you may write to.",
            file=sys.stderr,
        )
        return False
    return True
