# SPDX-License-Identifier: GPL-3.0-or-later
"""The plots of hw/docs: curves of the nominal circuit, drawn as SVG without a plotting library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

from hw.tools.ngspice import Deck
from hw.tools.values import Values

COLOURS = (
    "#1b6ca8",
    "#c8553d",
    "#3c7a4b",
    "#8a5aa8",
    "#b08900",
    "#555555",
)  # distinct in print, too
DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 2", "10 4")
WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 62, 150, 40, 48
MOST_POINTS = 700


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve: its name, and its points (x, y) in the units of the axes."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: what it shows, from where to where, and where its ticks are."""

    title: str
    low: float
    high: float
    ticks: Sequence[float]

    def share(self, value: float) -> float:
        """Where *value* lies, 0 at the low end, 1 at the high one."""
        return (value - self.low) / (self.high - self.low)


def svg(
    title: str, x: Axis, y: Axis, curves: Sequence[Curve], marks: Sequence[tuple[str, float]] = ()
) -> str:
    """A plot; *marks* are named horizontal lines."""
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(px: float, py: float) -> tuple[float, float]:
        return LEFT + wide * x.share(px), TOP + tall * (1 - y.share(py))

    frame = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame} font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    for tick in x.ticks:
        px, _ = at(tick, y.low)
        out.append(f'<path d="M{px:.1f} {TOP}V{TOP + tall}" stroke="#dddddd"/>')
        out.append(f'<text x="{px:.1f}" y="{TOP + tall + 16}" text-anchor="middle">{tick:g}</text>')
    for tick in y.ticks:
        _, py = at(x.low, tick)
        out.append(f'<path d="M{LEFT} {py:.1f}H{LEFT + wide}" stroke="#dddddd"/>')
        out.append(
            f'<text x="{LEFT - 6}" y="{py + 4:.1f}" text-anchor="end">{tick:g}</text>'.replace(
                ">-", ">−"
            )
        )
    for name, level in marks:
        _, py = at(x.low, level)
        out.append(
            f'<path d="M{LEFT} {py:.1f}H{LEFT + wide}" stroke="#888888" stroke-dasharray="3 4"/>'
        )
        out.append(
            f'<text x="{LEFT + wide + 6}" y="{py + 4:.1f}" fill="#666666">{escape(name)}</text>'
        )
    box = f'x="{LEFT}" y="{TOP}" width="{wide}" height="{tall}"'
    under = f'x="{LEFT + wide / 2}" y="{HEIGHT - 10}"'
    beside = f'transform="translate(16 {TOP + tall / 2}) rotate(-90)"'
    out += [
        f'<text {under} text-anchor="middle">{escape(x.title)}</text>',
        f'<text {beside} text-anchor="middle">{escape(y.title)}</text>',
        f'<clipPath id="c"><rect {box}/></clipPath>',
        f'<rect {box} fill="none" stroke="#444444"/>',
    ]
    for n, curve in enumerate(curves):
        stroke = (
            f'stroke="{COLOURS[n]}" stroke-width="1.6" stroke-dasharray="{DASHES[n]}" fill="none"'
        )
        steps = " ".join(
            f"{px:.1f},{py:.1f}" for px, py in (at(*p) for p in _thinned(curve.points))
        )
        out.append(f'<polyline clip-path="url(#c)" {stroke} points="{steps}"/>')
        py = TOP + 10 + 18 * n
        out.append(f'<path d="M{LEFT + wide + 8} {py}h24" {stroke}/>')
        out.append(f'<text x="{LEFT + wide + 38}" y="{py + 4}">{escape(curve.name)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points that a plot of this size can show: ends of every straight stretch."""
    if len(points) <= 2:
        return list(points)
    kept = [points[0]]
    span_x = points[-1][0] - points[0][0] or 1.0
    span_y = max(p[1] for p in points) - min(p[1] for p in points) or 1.0
    for before, here in pairwise(points):
        far = abs(here[1] - kept[-1][1]) / span_y + abs(here[0] - kept[-1][0]) / span_x
        if far > 1 / MOST_POINTS:
            if abs(here[1] - before[1]) / span_y > 0.02:
                kept.append(before)
            kept.append(here)
    return [*kept, points[-1]]


def write(values: Values, folder: Path) -> None:
    """Simulate what the plots show and write them into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("plateaus", _plateaus(values)),
        ("diode", _diode(values)),
        ("edges", _edges(values)),
        ("adc", _adc(values)),
        ("dead-man", _dead_man(values)),
    ):
        (folder / f"{name}.svg").write_text(text)


VOLTS = Axis("pilot, volts", -14, 14, (-12, -9, -6, -3, 0, 3, 6, 9, 12))


def _curves(
    waves: dict[str, list[float]], names: dict[str, str], scale: float, shift: float = 0.0
) -> list[Curve]:
    time = [t * scale - shift for t in waves["time"]]
    return [Curve(label, list(zip(time, waves[key], strict=True))) for key, label in names.items()]


def _plateaus(values: Values) -> str:
    deck = Deck("pilot", values)
    names = {"v(a)": "A no car", "v(b)": "B", "v(c)": "C", "v(d)": "D", "v(e)": "E shorted"}
    waves = deck.waves(list(names), {"high_s": 267e-6})
    axis = Axis("microseconds after the rising edge", -30, 430, (0, 100, 200, 300, 400))
    return svg("Pilot at 16 A in every state", axis, VOLTS, _curves(waves, names, 1e6, 30))


def _diode(values: Values) -> str:
    deck = Deck("pilot", values)
    names = {"v(c)": "C, diode", "v(cn)": "C, shorted", "v(b)": "B, diode", "v(bn)": "B, shorted"}
    waves = deck.waves(list(names), {"high_s": 267e-6})
    axis = Axis("microseconds after the rising edge", -30, 430, (0, 100, 200, 300, 400))
    marks = [("−10.8 V", -10.8)]
    return svg(
        "The car's diode, there and shorted", axis, VOLTS, _curves(waves, names, 1e6, 30), marks
    )


def _edges(values: Values) -> str:
    deck = Deck("pilot", values)
    curves = []
    for cable in (0.5e-9, 1.6e-9, 3.1e-9):
        waves = deck.waves(["v(c)"], {"high_s": 60e-6, "cable": cable})
        curves += _curves(waves, {"v(c)": f"C, {cable * 1e9:g} nF"}, 1e6, 30)
    axis = Axis(
        "microseconds after the rising edge", -5, 90, (0, 10, 20, 30, 40, 50, 60, 70, 80, 90)
    )
    return svg("Edges in state C at 0.5, 1.6 and 3.1 nF", axis, VOLTS, curves)


def _adc(values: Values) -> str:
    deck = Deck("pilot", values)
    names = {"v(adc_a)": "A", "v(adc_b)": "B", "v(adc_c)": "C", "v(adc_d)": "D"}
    waves = deck.waves(list(names), {"high_s": 100e-6, "cable": 3.1e-9})
    per_volt = values["contract"]["adc_codes"] / values.reference_v
    waves = {k: v if k == "time" else [x * per_volt for x in v] for k, v in waves.items()}
    axis = Axis("microseconds after the rising edge", -10, 190, (0, 37, 60, 100, 137, 160))
    codes = Axis("code", 0, 1023, (0, 128, 256, 384, 512, 640, 768, 896, 1023))
    return svg("At the ADC at 6 A, 3.1 nF", axis, codes, _curves(waves, names, 1e6, 30))


def _dead_man(values: Values) -> str:
    deck = Deck("dead_man", values)
    names = {"v(hb)": "heartbeat, V", "v(x1.hold)": "hold, V"}
    waves = deck.waves([*names, "i(Lc)"], {"stop_s": 0.24, "stuck": 0.0})
    waves["coil"] = [a * 100 for a in waves.pop("i(Lc)")]
    axis = Axis("milliseconds", 0, 540, (0, 60, 120, 180, 240, 340, 440, 540))
    y = Axis("volts, and coil current in 10 mA", -0.5, 8, (0, 2, 4, 6, 8))
    curves = _curves(waves, names | {"coil": "coil, 10 mA"}, 1e3)
    limit = 240 + values["contract"]["dead_man_drop_s"] * 1e3
    curves.append(Curve("200 ms limit", [(limit, -0.5), (limit, 8.0)]))
    return svg("Dead-man: the heartbeat stops at 240 ms", axis, y, curves)
