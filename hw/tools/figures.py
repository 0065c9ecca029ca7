# SPDX-License-Identifier: GPL-3.0-or-later
"""A figure, its limits and its margin; the table of all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from hw.tools.values import engineering


@dataclass(frozen=True, slots=True)
class Figure:
    """One simulated figure: what was found at worst (`least` to `most`), and what is allowed.

    `unit` is V, s, A, W, codes, or empty for a count; `runs` is how many simulations stand behind
    it; `why` says where the limit comes from. A limit of None is none on that side. Figures that
    were never measured are NaN, which passes no limit.
    """

    block: str
    name: str
    least: float
    most: float
    unit: str
    low: float | None
    high: float | None
    why: str
    runs: int = 1

    @property
    def good(self) -> bool:
        """Whether every run is inside its limits."""
        return self.margin >= 0.0

    @property
    def margin(self) -> float:
        """The distance to the nearer limit, as a share of the limits' width or of the one limit.

        NaN figures and missing limits on both sides give -1.
        """
        if math.isnan(self.least) or math.isnan(self.most):
            return -1.0
        rooms = []
        if self.low is not None:
            rooms.append(self.least - self.low)
        if self.high is not None:
            rooms.append(self.high - self.most)
        if not rooms:
            return -1.0
        if self.low is not None and self.high is not None:
            scale = (self.high - self.low) / 2
        else:
            scale = abs(self.high if self.high is not None else self.low or 0.0)
        return min(rooms) / (scale or 1.0)

    @property
    def found(self) -> str:
        """The figure for people: one value, or least to most."""
        least, most = _show(self.least, self.unit), _show(self.most, self.unit)
        return least if least == most else f"{least} to {most}"

    @property
    def allowed(self) -> str:
        """The limits for people."""
        low = None if self.low is None else _show(self.low, self.unit)
        high = None if self.high is None else _show(self.high, self.unit)
        if low is not None and high is not None:
            return high if low == high else f"{low} to {high}"
        return f"≤ {high}" if high is not None else f"≥ {low}"


def _show(value: float, unit: str) -> str:
    if math.isnan(value):
        return "not found"
    if unit in ("", "codes"):
        return f"{value:.4g} {unit}".rstrip()
    if unit == "V":
        return f"{value:.2f} V".replace("-", "−")  # a minus sign, not a hyphen
    if value == 0 or abs(value) < 1e-12:
        return f"0 {unit}"
    number = engineering(float(f"{value:.3g}"))
    digits = number.rstrip("Mkmunp")
    return f"{digits} {number[len(digits) :].replace('u', 'µ')}{unit}"


def table(figures: Iterable[Figure]) -> str:
    """The table as Markdown, one section a block."""
    lines: list[str] = []
    block = ""
    for figure in figures:
        if figure.block != block:
            block = figure.block
            lines += [
                "",
                f"## {block}",
                "",
                "| figure | found | allowed | margin | runs | limit from |",
                "|---|---|---|---|---|---|",
            ]
        verdict = f"{figure.margin:.0%}" if figure.good else "**FAILS**"
        lines.append(
            f"| {figure.name} | {figure.found} | {figure.allowed} | {verdict} | {figure.runs} "
            f"| {figure.why} |"
        )
    return "\n".join(lines).strip() + "\n"
