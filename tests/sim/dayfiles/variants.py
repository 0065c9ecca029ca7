# SPDX-License-Identifier: GPL-3.0-or-later
"""One day in the ways that devices, languages, spreadsheets and clocks write it.

The day is made up: a sun with clouds over a house with a kettle and a heat pump. Its surplus is
known, so a reading is right, refused or wrong. `python -m tests.sim.dayfiles.variants` counts.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

from evsed.errors import DayError
from evsed.sim.dayfiles import ReadOptions
from evsed.sim.dayfiles.decode import decode
from tests.sim.dayfiles.text_days import days_of

MIDNIGHT = datetime(2026, 6, 14, tzinfo=UTC)


@dataclass(frozen=True)
class Stretch:
    """Mean watts of a stretch of time that begins `at`."""

    at: datetime
    solar_w: float
    load_w: float

    @property
    def surplus_w(self) -> float:
        """Watts that the sun leaves over."""
        return self.solar_w - self.load_w


def day(step_min: int = 5, begin: datetime = MIDNIGHT, hours: int = 24) -> list[Stretch]:
    """The day in steps."""
    dice = random.Random(6)
    minutes = []
    for minute in range(hours * 60):
        hour = minute / 60 % 24
        solar_w = max(0.0, 5200 * math.sin(math.pi * (hour - 5) / 15)) if 5 < hour < 20 else 0.0
        cloud = 0.45 if (minute // 25) % 4 == 1 and dice.random() < 0.97 else 1.0
        kettle_w = 2000 if minute % 480 in (430, 431, 432) else 0
        pump_w = 900 if minute % 90 < 22 else 0
        minutes.append((solar_w * cloud, 240 + 30 * dice.random() + kettle_w + pump_w))
    found = []
    for first in range(0, len(minutes), step_min):
        part = minutes[first : first + step_min]
        solar_w, load_w = (sum(each[at] for each in part) / len(part) for at in (0, 1))
        found.append(Stretch(begin + timedelta(minutes=first), solar_w, load_w))
    return found


def surplus_kwh(stretches: list[Stretch], step_min: int) -> float:
    """The truth."""
    return sum(max(0.0, each.surplus_w) for each in stretches) * step_min / 60_000


def _swapped(value: float, digits: int) -> str:
    """Write a number as 1.504,5."""
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))


NUMBERS: dict[str, Callable[[float, int], str]] = {
    "point": lambda value, digits: f"{value:.{digits}f}",
    "comma": lambda value, digits: f"{value:.{digits}f}".replace(".", ","),
    "point and thousands": lambda value, digits: f"{value:,.{digits}f}",
    "comma and thousands": _swapped,
    "swiss": lambda value, digits: f"{value:,.{digits}f}".replace(",", "'"),
    "blanks": lambda value, digits: _swapped(value, digits).replace(".", "\u202f"),
}

CLOCKS: dict[str, Callable[[datetime], str]] = {
    "iso": lambda at: f"{at:%Y-%m-%d %H:%M:%S}",
    "iso z": lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}",
    "iso ms": lambda at: f"{at:%Y-%m-%dT%H:%M:%S.000+00:00}",
    "german": lambda at: f"{at:%d.%m.%Y %H:%M}",
    "german short": lambda at: f"{at:%d.%m.%y %H:%M:%S}",
    "british": lambda at: f"{at:%d/%m/%Y %H:%M}",
    "american": lambda at: f"{at:%m/%d/%Y %I:%M %p}",
    "american short": lambda at: f"{at.month}/{at.day}/{at:%y} {at.hour}:{at:%M}",
    "names": lambda at: f"{at:%d %b %Y %H:%M}",
    "names us": lambda at: f"{at:%b %d, %Y %I:%M:%S %p}",
    "french": lambda at: f"{at.day} {'juin' if at.month == 6 else 'juillet'} 2026 {at:%Hh%M}",
    "spanish": lambda at: f"{at:%d/%m/%Y %I:%M} {'a' if at.hour < 12 else 'p'}. m.",
    "asian": lambda at: f"{at:%Y/%m/%d %H:%M}",
    "epoch": lambda at: f"{at.timestamp():.0f}",
    "epoch ms": lambda at: f"{at.timestamp() * 1000:.0f}",
    "epoch us": lambda at: f"{at.timestamp() * 1e6:.0f}",
    "epoch ns": lambda at: f"{int(at.timestamp()) * 1_000_000_000}",
    "digits": lambda at: f"{at:%Y%m%d%H%M%S}",
    "basic": lambda at: f"{at:%Y%m%dT%H%M%S}",
    "excel": lambda at: f"{(at - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1):.6f}",
    "clock": lambda at: f"{at:%H:%M}",
    "clock us": lambda at: f"{at:%I:%M %p}",
}

TIME_NAMES = ("time", "Timestamp", "Datum und Uhrzeit", "Fecha y hora", "Date et heure",
              "Data e ora", "Datum/tijd", "Tid", "")  # fmt: skip

Columns = tuple[tuple[str, str], ...]
"""The name of each column, and what it holds."""

TABLES: tuple[Columns, ...] = (
    (("surplus_w", "surplus"),),
    (("PV surplus [W]", "surplus"),),
    (("Überschuss (W)", "surplus"),),
    (("Excédent solaire (W)", "surplus"),),
    (("grid_power", "grid"),),
    (("sensor.shelly_grid_power W", "grid"),),
    (("Netzleistung [W]", "grid"),),
    (("Grid power (W)", "grid"), ("Solar power (W)", "sun")),
    (("Solar power (W)", "sun"), ("Home consumption (W)", "load"), ("Battery SOC (%)", "soc")),
    (("Erzeugung [W]", "sun"), ("Verbrauch [W]", "load"), ("Netzfrequenz [Hz]", "hz")),
    (("Ladezustand [%]", "soc"), ("Solarproduktion [W]", "sun"), ("Netzeinspeisung [W]", "export"),
     ("Netzbezug [W]", "import"), ("Hausverbrauch [W]", "load")),
    (("Production (W)", "sun"), ("Consumption (W)", "load"), ("Export (W)", "export"),
     ("Import (W)", "import"), ("Self-consumption (W)", "own")),
    (("Puissance injectée (W)", "export"), ("Puissance soutirée (W)", "import")),
    (("Producción FV (W)", "sun"), ("Consumo (W)", "load"), ("Vertido a red (W)", "export"),
     ("Compra de red (W)", "import")),
    (("Produzione (W)", "sun"), ("Consumo (W)", "load"), ("Immissione in rete (W)", "export"),
     ("Prelievo da rete (W)", "import")),
    (("Verbruik (W)", "import"), ("Teruglevering (W)", "export")),
    (("Produktion (W)", "sun"), ("Förbrukning (W)", "load")),
    (("Pobrana z sieci (W)", "import"), ("Oddana do sieci (W)", "export")),
    (("Grid Feed-in (W)", "export"), ("Purchased from grid (W)", "import"),
     ("Temperature (°C)", "soc")),
    (("PV to grid (W)", "export"), ("Grid to consumers (W)", "import"),
     ("PV to consumers (W)", "own")),
    (("Voltage L1 (V)", "volts"), ("grid export", "export"), ("grid import", "import")),
    (("Grid power (W)", "negative grid"), ("PV power (W)", "sun"), ("Load power (W)", "load")),
    (("Feed-in power (W)", "negative grid"),),
    (("consumption_w", "load"),),
    (("Solar production (W)", "sun"),),
    (("battery_soc", "soc"),),
    (("value", "grid"),),
    (("Grid power (W)", "negative grid"),),
)  # fmt: skip

NO_SURPLUS = {"consumption_w", "Solar production (W)", "battery_soc"}
"""Files that do not say what was spare: reading one is wrong whatever comes out."""

UNITS: dict[str, tuple[str, float, int, str]] = {
    "W": ("W", 1.0, 1, "power"),
    "kW": ("kW", 1e-3, 3, "power"),
    "mW": ("mW", 1e3, 0, "power"),
    "Wh": ("Wh", 1.0, 2, "row"),
    "kWh": ("kWh", 1e-3, 4, "row"),
    "kWh total": ("kWh", 1e-3, 3, "total"),
    "Wh total": ("Wh", 1.0, 0, "total"),
}


def figure(stretch: Stretch, what: str) -> float:
    """Watts, percent, volts or hertz."""
    spare = stretch.surplus_w
    return {
        "surplus": spare, "grid": -spare, "negative grid": spare, "sun": stretch.solar_w,
        "load": stretch.load_w, "export": max(0.0, spare), "import": max(0.0, -spare),
        "own": min(stretch.solar_w, stretch.load_w), "soc": 55.5, "volts": 231.4, "hz": 50.02,
    }[what]  # fmt: skip


def write(
    columns: Columns, stretches: list[Stretch], step_min: int, *, clock: str = "iso",
    number: str = "point", separator: str = ",", unit: str = "W", time_name: str = "time",
) -> str:  # fmt: skip
    """The day as a file."""
    name, factor, digits, kind = UNITS[unit]
    labels = [
        label.replace("(W)", f"({name})")
        .replace("[W]", f"[{name}]")
        .replace("_w", f"_{name.lower()}")
        for label, _ in columns
    ]
    sums = {what: 12_345.678 if what in ("export", "import") else 0.0 for _, what in columns}
    lines = [separator.join([time_name, *labels])]
    for stretch in stretches:
        moment = CLOCKS[clock](stretch.at)
        cells = [f'"{moment}"' if separator in moment else moment]
        for _, what in columns:
            value, places = figure(stretch, what), digits
            if what in ("soc", "volts", "hz"):
                places = 2
            elif kind == "power":
                value *= factor
            else:
                value *= factor * step_min / 60
                sums[what] += value
                value = sums[what] if kind == "total" else value
            text = NUMBERS[number](value, places)
            quoted = separator in text and number != "comma"
            cells.append(f'"{text}"' if quoted else text)
        lines.append(separator.join(cells))
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Variant:
    """A file and what is in it; `kwh` None: nothing that tells of a surplus."""

    name: str
    data: bytes
    kwh: float | None
    straight_kwh: float | None = None


STYLES = (("point", ","), ("comma", ";"), ("comma and thousands", ";"),
          ("point and thousands", "\t"), ("comma", ","))  # fmt: skip


def by_columns() -> Iterator[Variant]:
    """Every table in every unit and style of numbers."""
    stretches = day(5)
    for columns, unit, (number, separator) in product(TABLES, UNITS, STYLES):
        signed = any(what in ("surplus", "grid", "negative grid") for _, what in columns)
        if UNITS[unit][3] == "total" and signed:
            continue
        if unit != "W" and not any(mark in columns[0][0] for mark in ("(W)", "[W]", "_w")):
            continue  # it would say one unit and hold another
        if number == separator == "," and UNITS[unit][2] == 0:
            continue
        text = write(columns, stretches, 5, number=number, separator=separator, unit=unit)
        truth = None if columns[0][0] in NO_SURPLUS else surplus_kwh(stretches, 5)
        yield Variant(f"{columns[0][0]} {unit} {number} {separator!r}", text.encode(), truth)


def by_clocks() -> Iterator[Variant]:
    """Every form of time, at 1 and 15 minutes, and days whose date can be read in two ways."""
    for clock, step_min, columns in product(CLOCKS, (1, 15), (TABLES[0], TABLES[10])):
        stretches = day(step_min)
        text = write(columns, stretches, step_min, clock=clock)
        name = f"{clock} {step_min} min {columns[0][0]}"
        yield Variant(name, text.encode(), surplus_kwh(stretches, step_min))
    for clock, first in product(("american", "british", "american short"), (3, 6)):
        stretches = day(5, datetime(2026, 7, first, tzinfo=UTC))
        text = write(TABLES[0], stretches, 5, clock=clock)
        yield Variant(f"{clock}, {first} July", text.encode(), surplus_kwh(stretches, 5))


def by_bytes() -> Iterator[Variant]:
    """Encodings, ends of line, names of the time, styles of numbers."""
    stretches = day(5)
    truth = surplus_kwh(stretches, 5)
    encodings = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252")
    for encoding, end, name in product(encodings, ("\n", "\r\n", "\r"), TIME_NAMES):
        text = write(TABLES[2], stretches, 5, time_name=name, separator=";").replace("\n", end)
        yield Variant(f"{encoding} {end!r} {name}", text.encode(encoding), truth)
    for number, unit in product(NUMBERS, ("W", "kW")):
        text = write(TABLES[10], stretches, 5, number=number, separator=";", unit=unit)
        yield Variant(f"number {number} {unit}", text.encode(), truth)


def by_chance(count: int, seed: int) -> Iterator[Variant]:
    """Columns, units, clocks, seasons, hours and orders of rows thrown together."""
    dice = random.Random(seed)
    minutes = day(1)
    for number in range(count):
        columns, step_min = dice.choice(TABLES[:-2]), dice.choice((1, 5, 5, 10, 15))
        named = any(mark in columns[0][0] for mark in ("(W)", "[W]", "_w"))
        signed = any(what in ("surplus", "grid", "negative grid") for _, what in columns)
        units = [unit for unit, (*_, kind) in UNITS.items() if not (signed and kind == "total")]
        unit = dice.choice(units) if named else "W"
        style, separator = dice.choice(STYLES[:-1])
        clock = dice.choice([clock for clock in CLOCKS if "clock" not in clock])
        sun, load = dice.choice((0.02, 0.1, 0.3, 1, 1, 2)), dice.choice((0.5, 1, 1, 3))
        hours, first = dice.choice(((24, 0), (24, 12), (15, 5), (8, 10), (3, 8)))
        begin = dice.choice((MIDNIGHT, datetime(2026, 1, 14, tzinfo=UTC)))
        stretches = []
        for minute in range(first * 60, (first + hours) * 60, step_min):
            part = [minutes[(minute + at) % 1440] for at in range(step_min)]
            solar_w = sun * sum(each.solar_w for each in part) / step_min
            load_w = load * sum(each.load_w for each in part) / step_min
            stretches.append(Stretch(begin + timedelta(minutes=minute), solar_w, load_w))
        text = write(
            columns, stretches, step_min, clock=clock, number=style, separator=separator, unit=unit
        )
        head, *rows = text.strip().split("\n")
        if dice.random() < 0.3:
            dice.shuffle(rows)
        truth = None if columns[0][0] in NO_SURPLUS else surplus_kwh(stretches, step_min)
        straight = _straight_kwh(stretches, step_min)
        name = (
            f"{number}: {columns[0][0]} {unit} {style} {clock} {step_min} min sun {sun} load {load}"
        )
        yield Variant(name, "\n".join([head, *rows, ""]).encode(), truth, straight)


def _straight_kwh(stretches: list[Stretch], step_min: int) -> float:
    """The truth for means that are taken for moments, with straight lines between them."""
    shares = [(at + 0.5) / 20 for at in range(20)]
    return (
        sum(
            max(0.0, before.surplus_w + (after.surplus_w - before.surplus_w) * share)
            for before, after in pairwise(stretches)
            for share in shares
        )
        * step_min
        / 60_000
        / len(shares)
    )


def outcome(variant: Variant) -> str:
    """Right, refused or wrong."""
    try:
        text, _ = decode(variant.data, "day.csv")
        days = days_of(text, "day.csv", ReadOptions())
    except DayError as error:
        return f"refused: {error}"
    kwh = 0.0
    for each in days:
        if isinstance(each, DayError):
            return f"refused: {each}"
        kwh += sum(max(0.0, watts) for watts in each.surplus_w) / 3.6e6
    if variant.kwh is None:
        return f"wrong: read {kwh:.2f} kWh where there is no surplus"
    truths = [each for each in (variant.kwh, variant.straight_kwh) if each is not None]
    if any(abs(kwh - truth) <= 0.02 * truth + 0.05 for truth in truths):
        return "right"
    return f"wrong: {kwh:.2f} kWh, not {variant.kwh:.2f}"


def main() -> None:
    """Count, and show what is not right."""
    counts = {"right": 0, "refused": 0, "wrong": 0}
    for variant in (*by_columns(), *by_clocks(), *by_bytes(), *by_chance(500, 1)):
        found = outcome(variant)
        kind = found.split(":")[0]
        counts[kind] += 1
        if kind == "wrong" or (kind == "refused" and "-v" in sys.argv):
            print(f"{variant.name:50} {found.splitlines()[0]}")  # noqa: T201 - what it is for
    print(counts)  # noqa: T201 - the same


if __name__ == "__main__":
    main()
