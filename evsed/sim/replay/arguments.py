# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of `evsed replay`."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

EPILOG: Final = """\
settings: without --config the rules are the shipped ones on one phase of 230 V and 32 A, with a
feed of BatteryMonitor once a minute, so that figures can be compared between houses. With --config
all of [supply], [feed] and [surplus] is the file's: volts, phases, amperes, semantics, period,
window, and the solar rules. An option on the command line wins over both, because it is the
narrower wish: it is for this replay only.

files: evsed prints what it took each column for, and refuses a file that it could misread; the
message names the option that settles it. Columns are named by their header or counted from 1.
"""

_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|m|min|h|d)?")
_SPANS: Final = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, None: 1}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the options of `evsed replay`; --config is every command's."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument(
        "days", nargs="*", type=Path, metavar="DAY.csv", help="files of one day or more"
    )
    parser.add_argument(
        "--from-history", type=_date, metavar="DATE", action="append",
        help="replay a day that evsed itself recorded, e.g. 2026-11-20; may be repeated",
    )  # fmt: skip
    _add_file_options(parser.add_argument_group("how to read the files"))
    _add_plant_options(parser.add_argument_group("the house, the feed and the car"))
    _add_output_options(parser.add_argument_group("what to show"))


def _add_file_options(group: argparse._ArgumentGroup) -> None:
    """Options that settle what a file means."""
    for flag, words in (
        ("--time", "the column of times"),
        ("--surplus", "the column of what is spare, positive, before the car takes anything"),
        ("--import", "the column of import from the grid; alone: import positive, export negative"),
        ("--export", "the column of export to the grid; alone: export positive, import negative"),
        ("--production", "the column of the panels' production; with --consumption"),
        ("--consumption", "the column of the house's consumption; with --production"),
    ):
        name = {"--import": "imports", "--export": "exports"}.get(flag, flag[2:])
        group.add_argument(flag, dest=name, metavar="COLUMN", help=words)
    from evsed.sim.dayfiles.options import UNITS  # noqa: PLC0415 - `evsed off` must start fast

    group.add_argument(
        "--unit", choices=UNITS, metavar="UNIT",
        help="unit of these columns: W, kW, MW, mW; Wh, kWh, MWh in each row; Wh-total, kWh-total, "
        "MWh-total as a meter counts on",
    )  # fmt: skip
    group.add_argument(
        "--decimal", choices=(".", ","), help="the decimal sign; the other one groups thousands"
    )
    group.add_argument(
        "--timezone", metavar="ZONE", help="zone of times without one, e.g. Europe/Vienna"
    )
    group.add_argument(
        "--date-order",
        choices=("dmy", "mdy", "ymd"),
        help="day, month and year of dates in figures",
    )
    group.add_argument(
        "--max-gap", type=_span, metavar="TIME",
        help="bridge rows that lie up to so far apart, e.g. 1h or 30min (default 15min)",
    )  # fmt: skip


def _add_plant_options(group: argparse._ArgumentGroup) -> None:
    """Options of what surrounds evsed."""
    group.add_argument(
        "--feed-latency", type=_seconds(600), default=5, metavar="S",
        help="from the feed's stamp to its arrival (default 5)",
    )  # fmt: skip
    group.add_argument(
        "--feed-period", type=_seconds(3600, 1), metavar="S",
        help="the feed has news this often (default: --config, else 60)",
    )  # fmt: skip
    group.add_argument(
        "--feed-window", type=_seconds(3600), metavar="S",
        help="the feed averages this long before its stamp (default: --config, else 0, the moment)",
    )  # fmt: skip
    group.add_argument(
        "--car", metavar="NAME[,KEY=NUMBER]",
        help="try this car of the library (docs/cars.md) on the days, e.g. asleep-2h,after_s=600",
    )  # fmt: skip
    group.add_argument(
        "--mains-v",
        type=_between(50, 500),
        metavar="V",
        help="line to neutral (default: --config, else 230)",
    )
    group.add_argument(
        "--phases",
        type=int,
        choices=(1, 2, 3),
        help="phases of the car (default: --config, else 1)",
    )
    group.add_argument(
        "--switching",
        choices=("off", "unplugged", "down", "auto"),
        help="contactor.switching: one phase or all, with --phases 3 (default: --config, else off)",
    )
    group.add_argument(
        "--max-current",
        type=_between(6, 80),
        metavar="A",
        help="the most offered (default: --config, else 32)",
    )
    group.add_argument(
        "--semantics", choices=("battery_power", "batterymonitor"),
        help="what the feed's value means (default: --config, else batterymonitor)",
    )  # fmt: skip
    group.add_argument(
        "--formula", choices=("minute", "hour", "plain"), default="minute",
        help="BatteryMonitor's version, for its semantics: the error of charge counts 60 times "
        "(minute, since 2021-10), once (hour) or not (plain) (default minute)",
    )  # fmt: skip
    group.add_argument(
        "--tracking", action="store_true",
        help="BatteryMonitor's target follows the charge in steps of 1 %% (its tracksoc)",
    )  # fmt: skip
    group.add_argument(
        "--target", type=_between(10, 100), default=97.0, metavar="PERCENT",
        help="the charge that BatteryMonitor aims at, in percent (default 97)",
    )  # fmt: skip
    group.add_argument(
        "--battery-kwh", type=_between(0.1, 10_000), metavar="KWH",
        help="off the grid with such a battery; without it nothing throttles the panels",
    )  # fmt: skip
    group.add_argument(
        "--soc", type=_between(0, 100), default=90.0, metavar="PERCENT",
        help="state of charge at the first row, in percent (default 90)",
    )  # fmt: skip


def _add_output_options(group: argparse._ArgumentGroup) -> None:
    """Options of what is shown and written."""
    group.add_argument(
        "--compare", action="append", default=[], metavar="KEY=A,B",
        help="replay each day with each value of a setting, e.g. loan_wh=80,320; may be repeated",
    )  # fmt: skip
    group.add_argument(
        "--price", type=_between(0, 100), metavar="P", help="what a kWh from the grid costs"
    )
    group.add_argument(
        "--feed-in-price",
        type=_between(0, 100),
        default=0.0,
        metavar="P",
        help="what an exported kWh pays (default 0)",
    )
    group.add_argument(
        "--reasons", action="store_true", help="why, for each day, when there are more than two"
    )
    group.add_argument("--json", action="store_true", help="a line of JSON for each day")
    group.add_argument(
        "--trace", type=Path, metavar="FILE.csv",
        help="write a row for each second; with several days the day's name is added",
    )  # fmt: skip
    group.add_argument(
        "--plot", type=Path, metavar="FILE.svg",
        help="draw the day; with several days the day's name is added",
    )  # fmt: skip
    group.add_argument(
        "--html",
        type=Path,
        metavar="FILE.html",
        help="one page with figures, pictures and reasons of all days",
    )


def _between(least: float, most: float) -> Callable[[str], float]:
    """A reader of numbers in a range, for argparse."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not between {least:g} and {most:g}")
        return value

    return read


def _seconds(most: int, least: int = 0) -> Callable[[str], int]:
    """A reader of whole seconds in a range, for argparse."""
    read = _between(least, most)
    return lambda text: round(read(text))


def _span(text: str) -> float:
    """A reader of times such as 90, 15min or 1h, in seconds, for argparse."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 90s, 15min or 1h")
    return float(found[1]) * _SPANS[found[2]]


def _date(text: str) -> date:
    """A reader of dates, for argparse."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-11-20") from None
