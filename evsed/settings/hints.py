# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that are sound and yet unlikely: a line each, for `evsed check`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evsed.core.pilot.phase_set import HAZARD
from evsed.settings.root import Settings

LARGEST_A: Final = 32.0
"""A Type 2 charger of a house has at most 32 A on three phases, 22 kW (IEC 61851-1, mode 3); more
on three phases is a plug of its own kind."""

SHORT_S: Final = 120.0
"""Below this the sun's clouds switch the contactor: they pass within minutes."""

AS_SHIPPED: Final = ("mains_v", "phases", "max_current_a")


def hints(settings: Settings) -> Iterator[str]:
    """Yield what the owner may want to look at again, with the key."""
    supply, surplus = settings.supply, settings.surplus
    if not set(AS_SHIPPED) & supply.model_fields_set:
        yield (
            f"supply is as shipped: {supply.phases} phase, {supply.mains_v:g} V, "
            f"{supply.max_current_a:g} A; set what this circuit has (supply.max_current_a: the "
            "breaker's)"
        )
    elif supply.phases > 1 and supply.max_current_a > LARGEST_A:
        power_kw = supply.phases * supply.mains_v * supply.max_current_a / 1000
        yield (
            f"{supply.phases} x {supply.max_current_a:g} A are {power_kw:.0f} kW: more than the "
            "circuits of most houses carry (supply.max_current_a)"
        )
    fuse_a = supply.main_fuse_a
    if fuse_a is not None and fuse_a < supply.max_current_a:
        yield (
            f"the main fuse, {fuse_a:g} A, is smaller than the circuit, {supply.max_current_a:g} A "
            "(supply.main_fuse_a, supply.max_current_a)"
        )
    for key, what in (("min_on_s", "charge"), ("min_off_s", "pause")):
        value_s = getattr(surplus, key)
        if value_s < SHORT_S:
            yield (
                f"a {what} may be as short as {value_s:g} s, so each cloud wears the contactor, "
                f"and some cars stop answering (surplus.{key})"
            )
    if settings.contactor.switching == "auto":
        yield f"{HAZARD} (contactor.switching)"
    elif settings.contactor.switching != "off" and not settings.inputs.contactor_feedback_gpios:
        yield (
            "without mirror contacts a welded contactor stays unseen, and puts a second phase on a "
            "car that was to have one (contactor.switching, inputs.contactor_feedback_gpios)"
        )
