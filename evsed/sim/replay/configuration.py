# SPDX-License-Identifier: GPL-3.0-or-later
"""From options and settings to rules, plant and the way to read files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evsed.core.pilot.phase_set import ALL_TOGETHER, HAZARD, Switching, SwitchRules
from evsed.core.solar.allotment import AllotmentConfig
from evsed.errors import DayError
from evsed.sim.dayfiles.options import MAX_GAP_S, ReadOptions
from evsed.sim.demand_manager import Formula
from evsed.sim.replay.plant import PlantConfig

if TYPE_CHECKING:
    from evsed.settings import Settings

COMPARABLE: Final = AllotmentConfig()
"""Rules without --config: the same for everybody, so that figures can be compared."""

OWN_SETTINGS: Final = Path("/etc/evsed.toml")
"""The settings of the charger, on the charger."""

SWITCHING: Final = "switching"
"""The key of contactor.switching, which is no solar rule."""

_KINDS: Final = {Switching: "off, unplugged, down or auto"}
"""A kind of value in words, where its name says little."""

_OPTIONS: Final = {
    "mains_v": "mains_v",
    "phases": "phases",
    "max_current_a": "max_current",
    "period_s": "feed_period",
    "window_s": "feed_window",
    "semantics": "semantics",
}


@dataclass(frozen=True, slots=True)
class Variant:
    """Rules and plant of one replay; `label` says how it differs from others ("": it is alone).

    `switch` is whether and how phases change.
    """

    label: str
    rules: AllotmentConfig
    plant: PlantConfig
    switch: SwitchRules = ALL_TOGETHER


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of --config, else the shipped ones whatever the environment says.

    evsed's own history is replayed with its own settings, where they are in their usual place.
    """
    # A fifth of a second, which a day without --config does not need.
    from evsed.settings import load_settings  # noqa: PLC0415 - see above

    path = _path(options)
    return load_settings(path) if path is not None else load_settings(None, environ={})


def _path(options: argparse.Namespace) -> Path | None:
    """The file of settings that is meant; None: the shipped ones."""
    if options.config is None and options.from_history and OWN_SETTINGS.exists():
        return OWN_SETTINGS
    path: Path | None = options.config
    return path


def variants(options: argparse.Namespace) -> list[Variant]:
    """The settings to replay with; several with --compare. Raises DayError where one cannot be."""
    rules, switch = _rules(options), _switch(options)
    return [_variant(options, rules, switch, chosen) for chosen in _combinations(options.compare)]


def read_options(options: argparse.Namespace) -> ReadOptions:
    """The options for reading files."""
    return ReadOptions(
        time=options.time,
        surplus=options.surplus,
        imports=options.imports,
        exports=options.exports,
        production=options.production,
        consumption=options.consumption,
        unit=options.unit,
        decimal=options.decimal,
        timezone=options.timezone,
        date_order=options.date_order,
        max_gap_s=options.max_gap if options.max_gap is not None else MAX_GAP_S,
    )


def describe(chosen: Sequence[Variant], options: argparse.Namespace) -> str:
    """The rules in force, those of the first variant, and what the feed's pages were made from."""
    rules = chosen[0].rules
    path = _path(options)
    source = f"settings of {path}" if path is not None else "shipped settings (no --config)"
    fixed = (
        '; feed.kind is "fixed": evsed would offer its current whatever the sun does, and this '
        "shows what a feed of the sun would bring"
        if path is not None and settings_of(options).feed.kind == "fixed"
        else ""
    )
    feed = f"{rules.semantics} every {rules.period_s:g} s, window {rules.window_s:g} s"
    if rules.semantics == "batterymonitor":
        feed += f".\n{_pages(options)}"
    return (
        f"{source}: {rules.phases} x {rules.mains_v:g} V, {rules.car_min_current_a:g} to "
        f"{rules.max_current_a:g} A, so the sun has to give {rules.least_w / 1000:.2f} kW; "
        f"loan {rules.loan_wh:g} Wh, reserve {rules.reserve_w:g} W{fixed}; {feed}{_sets(chosen)}"
    )


def _sets(chosen: Sequence[Variant]) -> str:
    """Return how phases are switched in any variant, in words; "" where they are not."""
    found = [variant for variant in chosen if variant.switch.active]
    if not found:
        return ""
    rules = found[0].rules
    one_kw = rules.least_w / rules.phases / 1000
    names = " or ".join(dict.fromkeys(f'"{each.switch.switching.value}"' for each in found))
    words = f".\ncontactor.switching {names}: {one_kw:.2f} kW are enough for one phase"
    rises = any(variant.switch.switching is Switching.AUTO for variant in found)
    return f'{words}. "auto": {HAZARD}' if rises else words


def _pages(options: argparse.Namespace) -> str:
    """Tell that a file has no page of BatteryMonitor, and by which formula evsed made one up."""
    house = (
        f"a house battery of {options.battery_kwh:g} kWh at {options.soc:g} %"
        if options.battery_kwh is not None
        else "a house battery of any size that begins at its target"
    )
    tracking = ", which follows the charge" if options.tracking else ""
    return (
        "BatteryMonitor's pages are not in the file: evsed made them from its rows by the formula "
        f'"{options.formula}" (--formula), target {options.target:g} %{tracking}, for {house}'
    )


def _rules(options: argparse.Namespace) -> AllotmentConfig:
    """Settings, and what the command line says over them."""
    own = _path(options) is not None
    config = settings_of(options).allotment_config() if own else COMPARABLE
    changes: dict[str, Any] = {
        key: value
        for key, name in _OPTIONS.items()
        if (value := getattr(options, name)) is not None
    }
    changes["max_current_a"] = max(
        changes.get("max_current_a", config.max_current_a), config.car_min_current_a
    )
    window_s = changes.get("window_s", config.window_s)
    changes["window_s"] = min(float(window_s), float(changes.get("period_s", config.period_s)))
    return replace(config, **changes)


def _switch(options: argparse.Namespace) -> SwitchRules:
    """Return how phases are switched, as if every mirror contact were wired."""
    rules = ALL_TOGETHER
    if _path(options) is not None:
        rules = settings_of(options).evse_config(front_end_proved=True, hold_off_s=0.0).switch
    chosen = options.switching or rules.switching
    return replace(rules, switching=Switching(chosen), mirrored=True)


def _combinations(compare: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Each combination of the values to compare. Raises DayError for a key that is none."""
    keys: list[str] = []
    values: list[list[Any]] = []
    for text in compare:
        key, _, list_text = text.partition("=")
        key = key.strip().rpartition(".")[2]
        keys.append(key)
        values.append([_value(key, value) for value in list_text.split(",")])
    for chosen in product(*values):
        yield dict(zip(keys, chosen, strict=True))


def _value(key: str, text: str) -> Any:  # noqa: ANN401 - a setting of any type
    """A value of a setting. Raises DayError."""
    kinds = {
        field.name: getattr(AllotmentConfig(), field.name) for field in fields(AllotmentConfig)
    } | {SWITCHING: Switching.OFF}
    if key not in kinds:
        raise DayError(
            f"--compare {key}: there is no such setting; nothing was replayed. There are "
            f"{', '.join(sorted(kinds))}."
        )
    kind = type(kinds[key])
    try:
        return kind(text.strip())
    except ValueError:
        raise DayError(
            f"--compare {key}: {text!r} is no {_KINDS.get(kind, kind.__name__)}; nothing was "
            "replayed."
        ) from None


def _variant(
    options: argparse.Namespace,
    rules: AllotmentConfig,
    switch: SwitchRules,
    chosen: dict[str, Any],
) -> Variant:
    """Rules and plant with the values chosen. Raises DayError where they cannot be."""
    try:
        config = replace(rules, **{key: chosen[key] for key in chosen if key != SWITCHING})
    except ValueError as error:
        raise DayError(f"--compare: {error}; nothing was replayed. Correct it.") from error
    switching = chosen.get(SWITCHING, switch.switching)
    switch = replace(switch, switching=switching, outputs=config.phases)
    if switching is not Switching.OFF and not switch.active:
        raise DayError(
            f'switching "{switching.value}": with one phase there is nothing to switch; nothing '
            "was replayed. Give --phases 3."
        )
    plant = PlantConfig(
        feed_period_s=round(config.period_s),
        feed_latency_s=options.feed_latency,
        feed_window_s=round(config.window_s),
        mains_v=config.mains_v,
        phases=config.phases,
        semantics=config.semantics,
        battery_kwh=options.battery_kwh,
        soc=options.soc / 100,
        target_soc=options.target / 100,
        formula=Formula(options.formula),
        tracking=options.tracking,
    )
    label = " ".join(f"{key}={_text(value)}" for key, value in chosen.items())
    return Variant(label, config, plant, switch)


def _text(value: Any) -> str:  # noqa: ANN401 - a setting of any type
    if isinstance(value, Switching):
        return value.value
    return f"{value:g}" if isinstance(value, float) else str(value)
