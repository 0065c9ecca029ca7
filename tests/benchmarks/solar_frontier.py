# SPDX-License-Identifier: GPL-3.0-or-later
"""Captured against drawn, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

WIDTH, HEIGHT = 860, 520
LEFT, TOP, ACROSS, DOWN = 64, 24, 760, 430
MOST_KWH: Final = 2.8
LEAST_PCT, MOST_PCT = 84.0, 100.0
COLOURS: Final = ("#0b6e4f", "#1f5fa8", "#9b2d30")
LABEL_BELOW: Final = ("two readings",)


class Dot(NamedTuple):
    """One charger: kWh a day from the battery, and percent of the feasible energy captured."""

    battery_kwh: float
    captured_pct: float
    name: str


class Line(NamedTuple):
    """A curve of the same two."""

    name: str
    points: tuple[tuple[float, float], ...]


def frontier_svg(dots: Sequence[Dot], lines: Sequence[Line]) -> str:
    """Draw it; the first dot is evsed."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="13"><rect width="{WIDTH}" height="{HEIGHT}" '
        'fill="#fff"/>'
    )
    parts = [head]
    for percent in range(int(LEAST_PCT), int(MOST_PCT) + 1, 2):
        _, down = _place(0, percent)
        parts.append(f'<path d="M{LEFT} {down:.1f}h{ACROSS}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{LEFT - 8}" y="{down + 4:.1f}" text-anchor="end">{percent} %</text>'
        )
    for tenths in range(0, int(MOST_KWH * 10) + 1, 4):
        right, _ = _place(tenths / 10, LEAST_PCT)
        parts.append(f'<path d="M{right:.1f} {TOP}v{DOWN}" stroke="#eee"/>')
        parts.append(
            f'<text x="{right:.1f}" y="{TOP + DOWN + 18}" text-anchor="middle">'
            f"{tenths / 10:g}</text>"
        )
    parts.append(
        f'<text x="{LEFT + ACROSS / 2}" y="{HEIGHT - 20}" text-anchor="middle">'
        "kWh a day from the battery; upwards the share of the feasible surplus captured</text>"
    )
    for at, (line, colour) in enumerate(zip(lines, COLOURS, strict=True)):
        inside = [
            _place(*point)
            for point in sorted(line.points)
            if point[0] <= MOST_KWH and point[1] >= LEAST_PCT
        ]
        points = " ".join(f"{right:.1f},{down:.1f}" for right, down in inside)
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(
            f'<text x="{LEFT + ACROSS - 8}" y="{TOP + DOWN - 60 + 20 * at}" fill="{colour}" '
            f'text-anchor="end">{line.name}</text>'
        )
    for dot in dots:
        right, down = _place(dot.battery_kwh, dot.captured_pct)
        colour = COLOURS[2] if dot is dots[0] else "#444"
        lower = 18 if dot.name.startswith(LABEL_BELOW) else 4
        parts.append(f'<circle cx="{right:.1f}" cy="{down:.1f}" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{right + 9:.1f}" y="{down + lower:.1f}">{dot.name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _place(battery_kwh: float, captured_pct: float) -> tuple[float, float]:
    """The place of a point."""
    return (
        LEFT + ACROSS * battery_kwh / MOST_KWH,
        TOP + DOWN * (MOST_PCT - captured_pct) / (MOST_PCT - LEAST_PCT),
    )
