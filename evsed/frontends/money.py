# SPDX-License-Identifier: GPL-3.0-or-later
"""Costs and savings as they are shown, everywhere with the same rounding."""

from __future__ import annotations

from typing import Final

from evsed.core.text import text

DIGITS: Final = 4
"""In JSON: a hundredth of a cent is nothing that anybody pays."""


def rounded(amount: float | None) -> float | None:
    """Return *amount* as JSON has it."""
    return None if amount is None else round(amount, DIGITS)


def money_text(cost: float | None, savings: float | None, currency: str) -> str:
    """Return "2.31 EUR, 0.80 EUR saved" of amounts as JSON has them; "" where none is known."""
    if cost is None or savings is None:
        return ""
    if not currency:
        return text("{cost:.2f}, {savings:.2f} saved", cost=cost, savings=savings)
    return text(
        "{cost:.2f} {currency}, {savings:.2f} {currency} saved",
        cost=cost,
        savings=savings,
        currency=currency,
    )
