# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that are sound and yet unlikely: a line each, for `evsed check`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evsed.core.pilot.phase_set import HAZARD
from evsed.core.text import text
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
        yield text(
            "supply is as shipped: {phases} phase, {mains_v:g} V, {max_current_a:g} "
            "A; set what this circuit has (supply.max_current_a: the breaker's)",
            phases=supply.phases,
            mains_v=supply.mains_v,
            max_current_a=supply.max_current_a,
        )
    elif supply.phases > 1 and supply.max_current_a > LARGEST_A:
        power_kw = supply.phases * supply.mains_v * supply.max_current_a / 1000
        yield text(
            "{phases} x {max_current_a:g} A are {power_kw:.0f} kW: more than the "
            "circuits of most houses carry (supply.max_current_a)",
            phases=supply.phases,
            max_current_a=supply.max_current_a,
            power_kw=power_kw,
        )
    fuse_a = supply.main_fuse_a
    if fuse_a is not None and fuse_a < supply.max_current_a:
        yield text(
            "the main fuse, {fuse_a:g} A, is smaller than the circuit, "
            "{max_current_a:g} A (supply.main_fuse_a, supply.max_current_a)",
            fuse_a=fuse_a,
            max_current_a=supply.max_current_a,
        )
    if surplus.min_on_s < SHORT_S:
        yield text(
            "a charge may be as short as {value_s:g} s, so each cloud wears the contactor, and "
            "some cars stop answering (surplus.min_on_s)",
            value_s=surplus.min_on_s,
        )
    if surplus.min_off_s < SHORT_S:
        yield text(
            "a pause may be as short as {value_s:g} s, so each cloud wears the contactor, and "
            "some cars stop answering (surplus.min_off_s)",
            value_s=surplus.min_off_s,
        )
    if settings.contactor.switching == "auto":
        yield text("{hazard} (contactor.switching)", hazard=HAZARD)
    elif settings.contactor.switching != "off" and not settings.inputs.contactor_feedback_gpios:
        yield text(
            "without mirror contacts a welded contactor stays unseen, and puts a "
            "second phase on a car that was to have one (contactor.switching, "
            "inputs.contactor_feedback_gpios)"
        )
