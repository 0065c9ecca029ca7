# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads numbers: opens the sources that their terms need, and adds the terms up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources.terms import HttpTerm, ModbusTerm, MqttTerm, Term, check_figure

if TYPE_CHECKING:
    from evsed.sources import Clock, Sample, Source
    from evsed.sources.presets import Numbers, Sum


@dataclass(frozen=True, slots=True)
class Figure:
    """One number in evsed's unit; `at` is when its oldest term was measured."""

    value: float
    at: float
    stamp: str = ""


Figures = Mapping[str, tuple[Figure, ...]]
"""Each number by its name: one figure, or one for each phase."""


class Reader:
    """The numbers of one feed or meter, whatever sources they come from."""

    def __init__(
        self, numbers: Numbers, *, period_s: float = 5.0, clock: Clock = time.monotonic
    ) -> None:
        """Open what *numbers* need; nothing is fetched yet.

        *period_s* is how often a source that does not push is asked. Raises `SourceError` for an
        address, an expression or a file that is none.
        """
        self._numbers = numbers
        self._period_s = period_s
        self._clock = clock
        terms = {term for sums in numbers.values() for each in sums for term in each}
        self._sources = open_sources(sorted(terms, key=repr), period_s=period_s, clock=clock)
        self._last: dict[Source, tuple[float, Mapping[Term, Sample]]] = {}

    @property
    def pushes(self) -> bool:
        """True where `read` waits for news, so that it is called again at once."""
        return any(source.pushes for source in self._sources)

    async def read(self, patience_s: float = 0.0) -> Figures:
        """All numbers, of which pushed ones are waited for up to *patience_s*.

        An optional number that is absent is missing from the answer. Raises `SourceError` where one
        source fails: a sum that lacks a part is no sum.
        """
        answers = await asyncio.gather(
            *(self._ask(source, patience_s) for source in self._sources), return_exceptions=True
        )
        samples: dict[Term, Sample] = {}
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            samples.update(answer)
        figures: dict[str, tuple[Figure, ...]] = {}
        for name, sums in self._numbers.items():
            found = tuple(_added(name, each, samples) for each in sums)
            whole = tuple(figure for figure in found if figure is not None)
            if whole:
                figures[name] = whole
        return figures

    async def close(self) -> None:
        """Let go of all sources."""
        await asyncio.gather(*(source.close() for source in self._sources))

    async def _ask(self, source: Source, patience_s: float) -> Mapping[Term, Sample]:
        """Return what *source* has; beside a source that pushes, others are asked once a period."""
        last = self._last.get(source)
        if last is not None and not source.pushes and self.pushes:
            asked_at, samples = last
            if self._clock() - asked_at < self._period_s:
                return samples
        asked_at = self._clock()
        samples = await source.read(patience_s)
        self._last[source] = asked_at, samples
        return samples


def _added(name: str, terms: Sum, samples: Mapping[Term, Sample]) -> Figure | None:
    """The sum of *terms*; None where all of them are optional and absent."""
    found = [samples[term] for term in terms if term in samples]
    if not found:
        return None
    value = check_figure(name, sum(sample.value for sample in found))
    stamps = "+".join(sample.stamp for sample in found if sample.stamp)
    return Figure(value, min(sample.at for sample in found), stamps)


def open_sources(terms: Sequence[Term], *, period_s: float, clock: Clock) -> tuple[Source, ...]:
    """One source for each address, broker or Modbus connection that *terms* name."""
    found: list[Source] = []
    https: dict[tuple[object, ...], list[HttpTerm]] = {}
    brokers: dict[object, list[MqttTerm]] = {}
    lines: dict[str, list[ModbusTerm]] = {}
    for term in terms:
        match term:
            case HttpTerm():
                https.setdefault((term.url, term.access), []).append(term)
            case MqttTerm():
                brokers.setdefault(term.broker, []).append(term)
            case ModbusTerm():
                lines.setdefault(term.url, []).append(term)
            case _:
                raise SourceError(text("{term} is of no kind that evsed has", term=repr(term)))
    # Each transport's library is imported here, where it is in use.
    if https:
        from evsed.sources.http_json import HttpSource  # noqa: PLC0415

        found += [HttpSource(each, clock=clock) for each in https.values()]
    if brokers:
        from evsed.sources.mqtt import MqttSource  # noqa: PLC0415

        found += [MqttSource(each, ask_s=period_s, clock=clock) for each in brokers.values()]
    if lines:
        from evsed.sources.modbus import ModbusSource  # noqa: PLC0415

        found += [ModbusSource(each, clock=clock) for each in lines.values()]
    return tuple(found)
