# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers from JSON over HTTP: one request to one address, several numbers from its answer."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources import Clock, Sample
from evsed.sources.documents import Expressions, ReadNumber
from evsed.sources.http_page import TIMEOUT_S, HttpPage
from evsed.sources.terms import HttpTerm, Term


class HttpSource:
    """Asks one address and finds the numbers of all *terms* in the answer."""

    pushes = False

    def __init__(
        self,
        terms: Iterable[HttpTerm],
        *,
        clock: Clock = time.monotonic,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._terms = {
            term: Expressions(
                term, term.path, valid=term.valid, stamp=term.stamp, unit_path=term.unit_path
            )
            for term in terms
        }
        first = next(iter(self._terms))
        self._clock = clock
        self._samples: dict[Term, Sample] = {}
        self._page = HttpPage(first.url, first.access, timeout_s=timeout_s)

    async def read(self, patience_s: float = 0.0) -> Mapping[Term, Sample]:
        """Ask once. Raises `SourceError` when there is no answer, or not all numbers in it."""
        del patience_s  # an answer is as new as it gets
        document, server_s = await self._page.fetch()
        now = self._clock()
        for term, expressions in self._terms.items():
            try:
                found = expressions.find(document)
            except SourceError as error:
                raise SourceError(
                    text("{where}: {error}", where=self._page.where, error=str(error))
                ) from None
            if found is None:
                self._samples.pop(term, None)
            else:
                self._samples[term] = self._sample(now, self._samples.get(term), found, server_s)
        return dict(self._samples)

    async def close(self) -> None:
        """Let go of the network."""
        await self._page.close()

    def _sample(
        self, now: float, last: Sample | None, found: ReadNumber, server_s: float | None
    ) -> Sample:
        """When *found* was measured: by its stamp and the server's clock, never by our own.

        Without a stamp it is new with each answer. With one it grows old until the stamp changes.
        """
        if not found.stamp:
            return Sample(found.value, now)
        age_s = 0.0
        if found.stamp_s is not None and server_s is not None:
            age_s = max(0.0, server_s - found.stamp_s)
        elif last is not None and last.stamp == found.stamp:
            return last
        return Sample(found.value, now - age_s, found.stamp)
