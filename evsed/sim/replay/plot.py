# SPDX-License-Identifier: GPL-3.0-or-later
"""A replayed day as a picture: surplus, offered, drawn, battery, contactor and the reasons.

Each stretch of the day can be hovered for its reason; the same is in the picture's description, so
that it can be read as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from evsed.sim.replay.plant import DayCourse
    from evsed.sim.replay.stretches import StoryLine

WIDTH, LEFT, RIGHT = 1200, 72, 24
POWER_TOP, POWER_HEIGHT = 56, 300
BATTERY_TOP, BATTERY_HEIGHT = 392, 110
CONTACTOR_TOP, CONTACTOR_HEIGHT = 534, 18
REASON_TOP, REASON_HEIGHT = 560, 18
HEIGHT = 626

STEP_S: Final = 10
"""A point for each so many seconds: finer than the picture can show."""

COLOURS: Final = {
    "surplus": "#e0a100",
    "offered": "#7a7a7a",
    "drawn": "#0b6e4f",
    "battery": "#9b2d30",
    "contactor": "#0b6e4f",
}
"""Distinct for the colour-blind too, and in the order of the legend."""

KINDS: Final = {
    "start": "#0b6e4f",
    "charge": "#5aa787",
    "lent": "#8fa3b8",
    "stop": "#9b2d30",
    "pause": "#d9a7a8",
    "wait": "#ece7da",
}
"""The colour of each kind of stretch."""

_HEAD: Final = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
    'font-family="sans-serif" font-size="13" role="img"'
)


def draw(name: str, started: datetime, trace: DayCourse, lines: Sequence[StoryLine] = ()) -> str:
    """The picture as SVG text. The battery's line is what the car takes beyond the sun, in Wh."""
    seconds = len(trace.surplus_w)
    surplus = [max(0.0, trace.surplus_w[at]) for at in range(0, seconds, STEP_S)]
    offered = [
        trace.offered_a[at] * trace.mains_v * trace.phases[at] for at in range(0, seconds, STEP_S)
    ]
    drawn = list(trace.drawn_w[::STEP_S])
    lent = _battery_wh(trace)
    most_w = _round_up(max([1000.0, *surplus, *offered]))
    most_wh = _round_up(max([100.0, *lent]))
    across = (WIDTH - LEFT - RIGHT) / max(1, len(surplus) - 1)

    def place(most: float, top: float, height: float) -> Callable[[int, float], str]:
        return lambda at, value: f"{LEFT + at * across:.1f},{top + height * (1 - value / most):.1f}"

    power = place(most_w, POWER_TOP, POWER_HEIGHT)
    energy = place(most_wh, BATTERY_TOP, BATTERY_HEIGHT)
    parts = [
        f"{_HEAD} aria-label={quoteattr(f'{name}, {started:%Y-%m-%d}: power over the day')}>",
        f"<title>{escape(name)}</title>",
        f"<desc>{escape(chr(10).join(describe(lines)))}</desc>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="17">{escape(name)}, {started:%Y-%m-%d}</text>',
        *_legend(),
        *_rule(POWER_TOP, POWER_HEIGHT, most_w, "W"),
        *_rule(BATTERY_TOP, BATTERY_HEIGHT, most_wh, "Wh"),
        *_hours(started, seconds),
        _area(surplus, power, POWER_TOP + POWER_HEIGHT, len(surplus) - 1, across),
        _line(offered, power, "offered", dashed=True),
        _line(drawn, power, "drawn"),
        _line(lent, energy, "battery"),
        f'<text x="{LEFT - 6}" y="{CONTACTOR_TOP + 14}" text-anchor="end">closed</text>',
        *_closed(trace, across),
        f'<text x="{LEFT - 6}" y="{REASON_TOP + 14}" text-anchor="end">why</text>',
        *_reasons(lines, started, seconds),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def describe(lines: Sequence[StoryLine]) -> list[str]:
    """The reasons as text, a line each."""
    return [f"{line.from_at:%H:%M} - {line.to_at:%H:%M} {line.kind}: {line.text}" for line in lines]


def _reasons(lines: Sequence[StoryLine], started: datetime, seconds: int) -> Iterable[str]:
    """A bar for each stretch, and over it a field as high as the picture that shows its reason."""
    wide = (WIDTH - LEFT - RIGHT) / max(1, seconds)
    for line, words in zip(lines, describe(lines), strict=True):
        if line.kind not in KINDS:
            continue  # a moment
        left = LEFT + (line.from_at - started).total_seconds() * wide
        width = max(0.5, (line.to_at - line.from_at).total_seconds() * wide)
        yield (
            f'<g><title>{escape(words)}</title><rect x="{left:.1f}" y="{REASON_TOP}" '
            f'width="{width:.1f}" height="{REASON_HEIGHT}" fill="{KINDS[line.kind]}"/>'
            f'<rect x="{left:.1f}" y="{POWER_TOP}" width="{width:.1f}" '
            f'height="{REASON_TOP - POWER_TOP}" fill="#fff" fill-opacity="0"/></g>'
        )


def _battery_wh(trace: DayCourse) -> list[float]:
    """The energy that the battery gave to the car so far, every `STEP_S`."""
    battery_wh, so_far = 0.0, []
    for at, (solar_w, drawn_w) in enumerate(zip(trace.surplus_w, trace.drawn_w, strict=True)):
        battery_wh += max(0.0, drawn_w - max(0.0, solar_w)) / 3600
        if at % STEP_S == 0:
            so_far.append(battery_wh)
    return so_far


def _round_up(most: float) -> float:
    """A round number for the top of an axis with four parts."""
    unit = 10.0 ** (len(str(int(most))) - 1)
    return next(
        unit * part for part in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if unit * part >= most
    )


def _legend() -> Iterable[str]:
    """Names beside their colours."""
    words = ("surplus", "offered", "drawn", "battery, Wh drawn so far")
    for at, word in enumerate(words):
        colour = COLOURS[word.split(",", maxsplit=1)[0]]
        left = LEFT + 620 + 90 * at
        yield f'<rect x="{left}" y="12" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{left + 17}" y="22">{word}</text>'


def _rule(top: float, height: float, most: float, unit: str) -> Iterable[str]:
    """Four lines across, with figures."""
    for part in range(5):
        down = top + height * (1 - part / 4)
        yield f'<path d="M{LEFT} {down:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
        label = f"{most * part / 4:.0f} {unit}" if part == 4 else f"{most * part / 4:.0f}"  # noqa: PLR2004 - the top
        yield f'<text x="{LEFT - 6}" y="{down + 4:.1f}" text-anchor="end">{label}</text>'


def _hours(started: datetime, seconds: int) -> Iterable[str]:
    """A line down for each full hour, and its time where there is room."""
    first = started.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    every = max(1, round(seconds / 3600 / 24))
    for hour in range(seconds // 3600 + 1):
        moment = first + timedelta(hours=hour)
        after_s = (moment - started).total_seconds()
        if after_s > seconds:
            return
        across = LEFT + (WIDTH - LEFT - RIGHT) * after_s / seconds
        bottom = REASON_TOP + REASON_HEIGHT
        yield f'<path d="M{across:.1f} {POWER_TOP}V{bottom}" stroke="#eee"/>'
        if hour % every == 0:
            where = f'x="{across:.1f}" y="{bottom + 20}" text-anchor="middle"'
            yield f"<text {where}>{moment:%H:%M}</text>"


def _line(
    values: Sequence[float], place: Callable[[int, float], str], name: str, *, dashed: bool = False
) -> str:
    """One line over the day, without the points that lie on a level one."""
    last = len(values) - 1
    columns = [
        at
        for at, value in enumerate(values)
        if at in (0, last) or value != values[at - 1] or value != values[at + 1]
    ]
    points = " ".join(place(at, values[at]) for at in columns)
    dash = ' stroke-dasharray="5 3"' if dashed else ""
    return (
        f'<polyline points="{points}" fill="none" stroke="{COLOURS[name]}" '
        f'stroke-width="1.3"{dash}/>'
    )


def _area(
    values: Sequence[float],
    place: Callable[[int, float], str],
    bottom: float,
    last: int,
    across: float,
) -> str:
    """The surplus, filled down to zero."""
    points = " ".join(place(at, value) for at, value in enumerate(values))
    colour = COLOURS["surplus"]
    corners = f"{LEFT + last * across:.1f},{bottom} {LEFT},{bottom}"
    return f'<polygon points="{points} {corners}" fill="{colour}" fill-opacity="0.35"/>'


def _closed(trace: DayCourse, across: float) -> Iterable[str]:
    """A bar for each time the contactor is closed."""
    since: int | None = None
    for at, closed in enumerate([*trace.contactor, 0]):
        if closed and since is None:
            since = at
        elif not closed and since is not None:
            left, width = LEFT + since / STEP_S * across, (at - since) / STEP_S * across
            since = None
            yield (
                f'<rect x="{left:.1f}" y="{CONTACTOR_TOP}" width="{width:.1f}" '
                f'height="{CONTACTOR_HEIGHT}" fill="{COLOURS["contactor"]}"/>'
            )
