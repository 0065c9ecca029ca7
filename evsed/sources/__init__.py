# SPDX-License-Identifier: GPL-3.0-or-later
"""Sources: transports that fetch numbers, each with the moment at which it was measured.

A source knows nothing of feeds and meters. It is given terms (see `terms`), each of which says
where one number is found and what it is multiplied by, and answers with one `Sample` for each.
`reader` sums terms into the numbers that a feed or a meter asks for; `presets` fills in the terms
of known devices. A transport's library is imported only where it is in use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from evsed.sources.terms import Term

__all__ = ["Clock", "Sample", "Source", "Term"]

Clock = Callable[[], float]
"""Gives monotonic seconds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One number as its source gave it, scaled; `at` is when it was measured, as far as is known.

    `stamp` is the source's own mark of that moment where it has one, else "".
    """

    value: float
    at: float
    stamp: str = ""


class Source(Protocol):
    """One connection to one device, broker or address."""

    @property
    def pushes(self) -> bool:
        """True where numbers come by themselves, so that `read` waits for them."""

    async def read(self, patience_s: float) -> Mapping[Term, Sample]:
        """Fetch every term's number; a pushing source waits up to *patience_s* for something new.

        Terms that are optional and absent are missing from the answer. Takes 5 s at most besides
        the patience. Raises `SourceError`, with what happened and what to do.
        """

    async def close(self) -> None:
        """Close the connection."""
