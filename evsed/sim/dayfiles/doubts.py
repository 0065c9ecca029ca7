# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors where the columns do not make a surplus, or could make several, with what settles it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from evsed.errors import DayError
from evsed.sim.dayfiles.options import AmbiguousDay, Choice
from evsed.sim.dayfiles.plan import PlanPart
from evsed.sim.dayfiles.series import Series
from evsed.sim.dayfiles.words import Role


def unclear_grid(part: PlanPart, file: str) -> AmbiguousDay:
    """The error where the sign of a grid column is open."""
    name = part.quantities[0].series.name
    kwh = [
        sum(max(0.0, sign * value) for value in _seconds_weighted(part, sign)) for sign in (-1, 1)
    ]
    return AmbiguousDay(
        f"{file}: column {name!r} can be import positive or export positive, and the "
        "day does not show "
        "which; nothing was replayed. Say which:",
        [
            Choice(
                f"positive figures are import; export is then {kwh[0]:.1f} kWh",
                (("imports", name),),
            ),
            Choice(f"positive figures are export, {kwh[1]:.1f} kWh", (("exports", name),)),
        ],
    )


def no_surplus(
    imports: PlanPart | None,
    production: PlanPart | None,
    consumption: PlanPart | None,
    series: Sequence[Series],
    file: str,
) -> DayError:
    """The error where the columns do not make a surplus."""
    if production is not None:
        name = production.quantities[0].series.name
        return AmbiguousDay(
            f"{file} has the production of the panels ({name!r}) but neither the "
            "house's consumption nor its "
            "export, so it does not say what was spare; nothing was replayed. Add such a "
            "column (--consumption "
            "COLUMN), or take all of it as spare:",
            [Choice("as if the house took nothing", (("surplus", name),))],
        )
    for part, name in ((imports, "import"), (consumption, "consumption")):
        if part is not None:
            return DayError(
                f"{file} has the {name} ({part.quantities[0].series.name!r}) but "
                "neither export nor production, "
                "so it does not say what was spare; nothing was replayed. Add the export or "
                "the "
                "production, or name the column that has it: --export COLUMN, --surplus COLUMN."
            )
    return _no_names(series, file)


def _no_names(series: Sequence[Series], file: str) -> DayError:
    """The error where no name says what a column is."""
    usable = [each for each in series if each.role in (Role.UNKNOWN, Role.BATTERY)]
    if not usable:
        others = ", ".join(f"{each.name!r} ({each.role.value})" for each in series[:8]) or "none"
        return DayError(
            f"{file} has no column of power or energy that tells of a surplus; nothing "
            "was replayed. Its "
            f"columns of figures: {others}. Name one with --surplus, --import, --export, or "
            "two with "
            "--production and --consumption."
        )
    choices = []
    for each in usable[:3]:
        name = each.name
        choices.append(Choice(f"{name!r} is what is spare", (("surplus", name),)))
        choices.append(Choice(f"{name!r} is the grid, import positive", (("imports", name),)))
        choices.append(Choice(f"{name!r} is the grid, export positive", (("exports", name),)))
    return AmbiguousDay(
        f"{file}: no name says what the figures are; nothing was replayed. Say it:",
        choices,
    )


def _seconds_weighted(part: PlanPart, sign: int) -> list[float]:
    """Energies between the rows in kWh, with a sign."""
    return [
        sign * each.curve.watts[at] * (after - before) / 3.6e6
        for each in part.quantities
        for at, (before, after) in enumerate(pairwise(each.curve.at_s))
    ]
