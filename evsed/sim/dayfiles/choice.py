# SPDX-License-Identifier: GPL-3.0-or-later
"""The choice of the columns that make the surplus, and of their signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from evsed.errors import DayError
from evsed.sim.dayfiles.doubts import no_surplus, unclear_grid
from evsed.sim.dayfiles.evidence import imports_positive, value_at
from evsed.sim.dayfiles.forms import Form
from evsed.sim.dayfiles.options import AmbiguousDay, Choice, ReadOptions
from evsed.sim.dayfiles.plan import Plan, PlanPart
from evsed.sim.dayfiles.quantity import measure
from evsed.sim.dayfiles.series import Series
from evsed.sim.dayfiles.surplus import total_kwh
from evsed.sim.dayfiles.units import Kind
from evsed.sim.dayfiles.words import Role, plain, says_extreme

_PHASE: Final = re.compile(
    r"\b(l ?[123]|phase ?[123abc]|[abc](?= )|t[12]|tarif+ ?[12]|ht|nt|hp|hc|peak|off peak|dal|"
    r"normal|normaal|low|laag|high|hoog|day|night|dag|nacht|tag|jour|nuit|giorno|notte|dia|noche|"
    r"punta|llano|valle|[123])\b"
)
_NOISE: Final = 0.02
"""A sensor's zero drifts: values below this share of the largest on the other side are no sign."""

_AGREE: Final = 0.25
"""Two ways to the surplus may differ by this share of their size; a battery makes more of it."""


class Chooser:
    """Choose for one file. All methods raise DayError."""

    def __init__(
        self,
        series: Sequence[Series],
        form: Form,
        options: ReadOptions,
        file: str,
        offset_s: float | None,
    ) -> None:
        """Keep what is chosen from; `offset_s` makes local time of moments, where it is known."""
        self._all = list(series)
        self._form = form
        self._options = options
        self._file = file
        self._offset_s = offset_s

    def plan(self) -> Plan:
        """The plan of the owner, or of what the columns are."""
        options = self._options
        if options.surplus is not None:
            return Plan([self._named(options.surplus, Role.SURPLUS)])
        if options.imports is not None or options.exports is not None:
            return self._of_meter(options.imports, options.exports)
        if options.production is not None or options.consumption is not None:
            return self._of_balance(options.production, options.consumption)
        if self._form.refusal:
            raise DayError(
                f"{self._file} is {self._form.name}: {self._form.refusal}. Nothing was replayed."
            )
        return self._found()

    # -- by the owner ------------------------------------------------------------------------------

    def _of_meter(self, imports: str | None, exports: str | None) -> Plan:
        """Import and export, or one of them with both signs."""
        parts = []
        if exports is not None:
            part = self._named(exports, Role.EXPORT)
            parts.append(part if imports is None else self._directed(part, alone=False))
        if imports is not None:
            part = self._named(imports, Role.IMPORT)
            part = part if exports is None else self._directed(part, alone=False)
            if exports is None and not _below_zero(part):
                raise DayError(
                    f"{self._file}: column {imports!r} is import only; without export nothing is "
                    "known of a "
                    "surplus, and nothing was replayed. Give --export COLUMN too, or --surplus "
                    "COLUMN."
                )
            parts.append(part)
        return Plan(parts)

    def _of_balance(self, production: str | None, consumption: str | None) -> Plan:
        """Production less consumption."""
        if production is None or consumption is None:
            raise DayError(
                f"{self._file}: --production and --consumption belong together; nothing was "
                "replayed. "
                "Where there is no consumption, --surplus COLUMN takes a column as it is."
            )
        return Plan(
            [self._named(production, Role.PRODUCTION), self._named(consumption, Role.CONSUMPTION)]
        )

    def _named(self, name: str, role: Role) -> PlanPart:
        """The column that the owner names, by its name or its number."""
        found: list[Series] = []
        for fits in (
            lambda each: each.name.casefold() == name.casefold(),
            lambda each: plain(each.name) == plain(name) and plain(name) != "",
            lambda each: name.isdigit() and each.at + 1 == int(name),
            lambda each: name.casefold() in each.name.casefold(),
        ):
            found = [each for each in self._all if fits(each)]
            if len(found) == 1:
                return self._part(role, found)
            if found:
                break
        listed = ", ".join(repr(each.name) for each in self._all[:12])
        problem = "several columns are" if len(found) > 1 else "no column of figures is"
        raise DayError(
            f"{self._file}: {problem} called {name!r}; nothing was replayed. There are {listed}."
        )

    # -- by the columns --------------------------------------------------------------------------

    def _found(self) -> Plan:
        """The best plan of those that the columns allow."""
        surplus = self._best(Role.SURPLUS)
        if surplus is not None:
            return Plan([surplus])
        exports, imports = self._best(Role.EXPORT), self._best(Role.IMPORT)
        grid = self._best(Role.GRID) if exports is None or imports is None else None
        production, doubt = self._beside(Role.PRODUCTION)
        consumption, second = self._beside(Role.CONSUMPTION)
        balance = [production, consumption] if production and consumption else None
        meter: list[PlanPart] | None = None
        if exports is not None and imports is not None:
            meter = self._pair(exports, imports)
        elif grid is not None and not (exports is not None and not _both_signs(grid)):
            meter = [self._signed(grid, production, consumption)]
        elif imports is not None and _both_signs(imports):
            meter = [self._directed(imports, alone=True)]
        elif exports is not None:
            if _below_zero(exports) and not _both_signs(exports):
                raise unclear_grid(exports, self._file)  # import on a dull day, or export
            meter = [self._directed(exports, alone=True)]
        plan = self._preferred(meter, balance)
        if plan is None:
            raise (
                doubt
                or second
                or no_surplus(imports, production, consumption, self._all, self._file)
            )
        return self._with_battery_note(plan)

    def _beside(self, role: Role) -> tuple[PlanPart | None, DayError | None]:
        """A part that the meter's columns can do without, or the doubt about it."""
        try:
            return self._best(role), None
        except DayError as error:
            return None, error

    def _preferred(
        self, meter: list[PlanPart] | None, balance: list[PlanPart] | None
    ) -> Plan | None:
        """The meter rather than production less consumption, but power rather than energy."""
        if meter is None or balance is None:
            found = meter or balance
            return Plan(found) if found else None
        self._cross_check(meter, balance)
        coarse = any(_energy(part) for part in meter) and not any(_energy(part) for part in balance)
        return Plan(balance if coarse else meter)

    def _best(self, role: Role) -> PlanPart | None:
        """The columns of a role: power before energy, a sum of phases where there is no whole."""
        found = [each for each in self._all if each.role is role and any(each.cells)]
        usual = [each for each in found if not says_extreme(each.name)]
        found = usual or found
        if not found:
            return None
        powers = [
            each for each in found if each.named_unit is None or each.named_unit.kind is Kind.POWER
        ]
        found = powers if powers and len(powers) < len(found) else found
        return self._part(role, self._whole(role, found))

    def _whole(self, role: Role, found: list[Series]) -> list[Series]:
        """One series, or all phases of one. Raises AmbiguousDay where several are left."""
        if len(found) == 1:
            return found
        bare = {id(each): " ".join(_PHASE.sub(" ", plain(each.name)).split()) for each in found}
        marked = [each for each in found if bare[id(each)] != plain(each.name)]
        unmarked = [each for each in found if bare[id(each)] == plain(each.name)]
        if len(unmarked) == 1 and len({bare[id(each)] for each in marked}) <= 1:
            return unmarked
        if not unmarked and len({bare[id(each)] for each in marked}) == 1:
            return _in_turn(marked)
        totals = [
            each
            for each in found
            if re.search(r"\b(total|gesamt|sum|summe|all|overall)\b", plain(each.name))
        ]
        if len(totals) == 1:
            return totals
        flag = {Role.SURPLUS: "surplus", Role.EXPORT: "exports", Role.PRODUCTION: "production",
                Role.CONSUMPTION: "consumption"}.get(role, "imports")  # fmt: skip
        raise AmbiguousDay(
            f"{self._file} has several columns for {role.value}: "
            + ", ".join(repr(each.name) for each in found[:6])
            + "; nothing was replayed. Name the one that counts:",
            [Choice(each.name, ((flag, each.name),)) for each in found[:6]]
            if role not in (Role.PRODUCTION, Role.CONSUMPTION)
            else (),
        )

    def _part(self, role: Role, series: Sequence[Series]) -> PlanPart:
        """Settle units, and give the usual sign of the role."""
        quantities = tuple(
            measure(each, self._all, self._unit_for(role), self._file) for each in series
        )
        sign = -1 if role in (Role.IMPORT, Role.CONSUMPTION, Role.GRID) else 1
        return PlanPart(role, sign, quantities)

    def _unit_for(self, role: Role) -> str | None:
        """The owner's unit, for the columns that make the surplus."""
        del role
        return self._options.unit

    def _pair(self, exports: PlanPart, imports: PlanPart) -> list[PlanPart]:
        """Import and export side by side; one that repeats the other with both signs is enough."""
        if _both_signs(exports) and _both_signs(imports):
            raise unclear_grid(exports, self._file)
        if _both_signs(imports):
            return [imports]
        if _both_signs(exports) or _mirrored(exports, imports):
            return [exports]
        return [self._directed(exports, alone=False), self._directed(imports, alone=False)]

    def _directed(self, part: PlanPart, *, alone: bool) -> PlanPart:
        """A column of one direction: its sign says nothing then, and is left out."""
        if _both_signs(part):
            other = "export" if part.role is Role.IMPORT else "import"
            return PlanPart(
                part.role, part.sign, part.quantities, note=f"figures below 0 are {other}"
            )
        note = (
            "import is not in the file and counts as 0"
            if alone and part.role is Role.EXPORT
            else ""
        )
        return PlanPart(part.role, part.sign, part.quantities, absolute=True, note=note)

    def _signed(
        self, grid: PlanPart, production: PlanPart | None, consumption: PlanPart | None
    ) -> PlanPart:
        """A column with import and export: which sign is which. Raises AmbiguousDay."""
        curve = grid.quantities[0].curve
        panels = production.quantities[0].curve if production is not None else None
        known = imports_positive(curve, panels, self._offset_s)
        if production is not None and consumption is not None and known is not None:
            note = (
                "import is positive"
                if known
                else "export is positive, as production and consumption show"
            )
            return PlanPart(grid.role, -1 if known else 1, grid.quantities, note=note)
        if self._form.signed and known is not False:
            return PlanPart(
                grid.role,
                -1,
                grid.quantities,
                note=f"import is positive, as {self._form.name} has it",
            )
        if known and (_both_signs(grid) or production is not None):
            return PlanPart(
                grid.role,
                -1,
                grid.quantities,
                note="import is positive, as is usual, and as the day looks",
            )
        raise unclear_grid(grid, self._file)

    def _cross_check(self, meter: Sequence[PlanPart], balance: Sequence[PlanPart]) -> None:
        """Compare the meter with production less consumption. Raises AmbiguousDay."""
        if self._battery_moves():
            return
        by_meter, by_balance = total_kwh(meter), total_kwh(balance)
        if abs(by_meter - by_balance) <= _AGREE * max(by_meter, by_balance) + 0.3:
            return
        raise AmbiguousDay(
            f"{self._file}: the grid's columns come to {by_meter:.1f} kWh of surplus, production "
            "less consumption to "
            f"{by_balance:.1f} kWh; one is not what its name says, or a battery lies between, "
            "and nothing was replayed. "
            "Say which counts:",
            [_choice_of(meter, "the meter"), _choice_of(balance, "production less consumption")],
        )

    def _battery_moves(self) -> bool:
        """Tell whether the file has a battery that charges or discharges."""
        return any(
            each.role in (Role.BATTERY, Role.CHARGE, Role.DISCHARGE)
            and any(re.search(r"[1-9]", cell) for cell in each.cells)
            for each in self._all
        )

    def _with_battery_note(self, plan: Plan) -> Plan:
        """Say what a battery in the file means for the surplus."""
        if self._battery_moves():
            by_meter = all(
                part.role in (Role.GRID, Role.IMPORT, Role.EXPORT) for part in plan.parts
            )
            plan.notes.append(
                "what goes into the battery is not spare here: the surplus is what the meter "
                "exports"
                if by_meter
                else "the battery is left out: what goes into it counts as spare"
            )
        return plan


def _in_turn(found: list[Series]) -> list[Series]:
    """Registers of tariffs of which each has rows while it counts are one series."""
    known = [time for each in found for time in each.times if time is not None]
    if len(set(known)) < len(known) or any(each.unit is not found[0].unit for each in found):
        return found
    times = [time for each in found for time in each.times]
    cells = [cell for each in found for cell in each.cells]
    lines = [line for each in found for line in each.lines]
    name = " + ".join(each.name for each in found)
    return [replace(found[0], name=name, times=times, cells=cells, lines=lines, points=None)]


def _choice_of(parts: Sequence[PlanPart], words: str) -> Choice:
    """The options that select parts."""
    flags = {Role.IMPORT: "imports", Role.GRID: "imports", Role.EXPORT: "exports",
             Role.PRODUCTION: "production", Role.CONSUMPTION: "consumption"}  # fmt: skip
    chosen = []
    for part in parts:
        flag = (
            "exports"
            if part.role is Role.GRID and part.sign > 0
            else flags.get(part.role, "surplus")
        )
        chosen.append((flag, part.quantities[0].series.name))
    return Choice(words, tuple(chosen))


def _energy(part: PlanPart) -> bool:
    """Return True for a part that is energy, not power."""
    return any(each.reading.kind is not Kind.POWER for each in part.quantities)


def _mirrored(exports: PlanPart, imports: PlanPart) -> bool:
    """Return True for an export that is import with the other sign, on a day without any export."""
    if not _below_zero(exports):
        return False
    left, right = exports.quantities[0].curve, imports.quantities[0].curve
    differences = sum(
        abs(watts + value_at(right, at_s))
        for at_s, watts in zip(left.at_s, left.watts, strict=True)
    )
    return differences < _NOISE * sum(map(abs, left.watts))


def _below_zero(part: PlanPart) -> bool:
    """Return True where some figures are below zero, by more than a sensor's noise."""
    values = [value for each in part.quantities for value in each.curve.watts]
    return -min(values) > _NOISE * max(values) and min(values) < 0


def _both_signs(part: PlanPart) -> bool:
    """Return True where some figures are above zero and some below."""
    values = [value for each in part.quantities for value in each.curve.watts]
    most, least = max(values), min(values)
    return most > _NOISE * -least > 0 and -least > _NOISE * most > 0
