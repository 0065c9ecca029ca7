# SPDX-License-Identifier: GPL-3.0-or-later
"""A day of a house's loads behind its main fuse: how near its curve it comes, and what it costs."""

from __future__ import annotations

from typing import Final

from tests.core.supply.house_loads import House, Load, day_cellar, day_kitchen, kettle

DAY_S: Final = 86_400

HOUSES: Final[tuple[tuple[str, tuple[tuple[Load, ...], ...], float, tuple[int, ...]], ...]] = (
    ("one phase, 35 A", ((day_kitchen, day_cellar),), 35.0, (0,)),
    ("one phase, 25 A, no cellar", ((day_kitchen,),), 25.0, (0,)),
    ("3 x 25 A, car on one phase", ((day_kitchen,), (day_cellar,), (kettle,)), 25.0, (0,)),
    ("3 x 25 A, car on three", ((day_kitchen,), (day_cellar,), (kettle,)), 25.0, (0, 1, 2)),
    ("3 x 35 A, car on three", ((day_kitchen,), (day_cellar,), (kettle,)), 35.0, (0, 1, 2)),
)


def run(seconds: int = DAY_S) -> None:
    """Print the table of docs/feeds.md."""
    print("| house | meter every | curve | lost | stops |")
    print("|---|---|---|---|---|")
    for name, loads, fuse_a, car_phases in HOUSES:
        for period_s in (1, 2, 5):
            house = House(loads=loads, fuse_a=fuse_a, period_s=period_s, car_phases=car_phases)
            house.run(seconds)
            stops = sum(
                before > 0 and after == 0
                for before, after in zip(house.limits_a, house.limits_a[1:], strict=False)
            )
            found = f"{house.nearest:.2f} | {house.lost_share:.1%} | {stops}"
            print(f"| {name} | {period_s} s | {found} |", flush=True)


if __name__ == "__main__":
    run()
