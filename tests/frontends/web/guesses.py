# SPDX-License-Identifier: GPL-3.0-or-later
"""Guesses at the password, until evsed makes the guesser wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evsed.frontends.web.auth.rate_limit import FREE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MOST_GUESSES: Final = FREE + 7
"""The last wait of so many is a minute."""


async def guess_until_slowed(guess: Callable[[int], Awaitable[int]]) -> None:
    """Guess with *guess*, which gets the number of the guess, until the answer is 429.

    A machine that stands still longer than a wait lets one more guess through; the next wait is
    twice as long.
    """
    for number in range(MOST_GUESSES):
        status = await guess(number)
        if number >= FREE and status == 429:
            return
        assert status == 401
    raise AssertionError(f"{MOST_GUESSES} guesses were not slowed down")
