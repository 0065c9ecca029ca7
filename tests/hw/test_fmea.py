# SPDX-License-Identifier: GPL-3.0-or-later
"""Every part of the board fails once: the table of `make hw`, held against the parts list."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from typing import Any

import pytest

from hw.tools import faults, fmea_drive, fmea_pilot
from hw.tools.fmea import RESULTS
from hw.tools.fmea_drive import Drive
from hw.tools.fmea_pilot import Pilot, Seen
from hw.tools.ngspice import Deck
from hw.tools.simulate import inputs_sha256
from hw.tools.values import Values

VALUES = Values()
RULES = fmea_drive.rule(VALUES)
TABLE: dict[str, Any] = tomllib.loads(RESULTS.read_text())
ROWS: list[dict[str, Any]] = TABLE["drive"] + TABLE["pilot"] + TABLE["input"] + TABLE["by_hand"]
DRIVE: list[dict[str, Any]] = TABLE["drive"]

TRANSISTOR_MODES = {
    *("drain-source short", "gate-drain short", "gate-source short"),
    *("drain open", "source open", "gate open, charged", "gate open, empty"),
}
# The supply's resistors only load it; they stand in the pilot's netlist.
PASSIVE, ACTIVE = "RCD", "QU"


def modes_of(ref: str) -> set[str]:
    """The failures that the table has of a part; of a double part both halves together."""
    return {row["mode"] for row in ROWS if row["part"] in (ref, f"{ref}a", f"{ref}b")}


def test_the_table_belongs_to_the_values_and_netlists_that_lie_here() -> None:
    assert TABLE["inputs_sha256"] == inputs_sha256(VALUES), "run `make hw` and commit hw/"


@pytest.mark.parametrize("ref", [r for r in VALUES.parts if r[0] in PASSIVE])
def test_every_resistor_capacitor_and_diode_is_opened_and_shorted(ref: str) -> None:
    assert {"open", "short"} <= modes_of(ref)


@pytest.mark.parametrize("ref", [r for r in VALUES.parts if r[0] == "Q"])
def test_every_transistor_is_opened_at_each_terminal_and_shorted_between_each_pair(
    ref: str,
) -> None:
    assert modes_of(ref) == TRANSISTOR_MODES


@pytest.mark.parametrize("ref", ["U202", "U301"])
def test_every_op_amps_output_is_stuck_high_low_and_half_way(ref: str) -> None:
    assert {"output stuck high", "output stuck low", "output stuck at half"} <= modes_of(ref)


@pytest.mark.parametrize("ref", [r for r in VALUES.parts if r[0] in "UFK"])
def test_every_other_part_that_can_fail_is_in_the_table(ref: str) -> None:
    assert modes_of(ref)


def test_each_fault_is_borne_or_found() -> None:
    assert [row for row in ROWS if row.get("wrong")] == []
    assert all(row["found_by"] for row in ROWS if "found_by" in row)


def test_no_single_fault_puts_current_into_the_coil_with_no_car() -> None:
    for row in DRIVE:
        assert max(row["idle"]) < RULES.pull_in, row


def test_with_any_single_fault_evsed_opens_within_the_contracts_time() -> None:
    for row in DRIVE:
        if not row["coil"].startswith("off"):
            assert max(row["opens_s"]) <= RULES.open_s, row


def test_a_dead_man_that_is_late_or_lost_shows_itself_in_the_proof_before_a_closing() -> None:
    lost = [r for r in DRIVE if max(*r["drops_s"], *r["slowest_s"]) > RULES.drop_s]
    assert {row["part"] for row in lost} == {"Q402"}
    for row in lost:
        assert min(row["no_beats"]) >= fmea_drive.HELD_SHARE, row


def test_no_single_fault_makes_the_contactor_chatter() -> None:
    for row in DRIVE:
        assert row["coil"].startswith(("holds", "off")), row


def test_the_transistor_that_most_often_fails_shorted_does_not_hold_the_coil_round_the_others() -> (
    None
):
    row = next(r for r in DRIVE if (r["part"], r["mode"]) == ("Q401", "gate-drain short"))
    assert max(row["idle"]) < VALUES["models.coil"]["release_share"]
    assert max(row["drops_s"]) <= RULES.drop_s


def test_an_empty_plug_that_reads_as_a_car_fails_a_proof_before_anything_closes() -> None:
    dangerous = [row for row in TABLE["pilot"] if row["empty_plug_fit"]]
    assert len(dangerous) >= 5  # the table can find them
    for row in dangerous:
        assert "A before the plug-in" in row["proofs"], row


def test_the_table_for_people_has_every_fault() -> None:
    lines = (RESULTS.parent / "docs" / "fmea.md").read_text().splitlines()
    assert sum(line.startswith("| ") for line in lines) >= len(ROWS)


# --- the verdicts can fail


def drive(**changed: object) -> Drive:
    """A drive that is well, but for what is *changed*."""
    well = Drive(
        fault=faults.NONE,
        idle=(0.0, 0.0),
        no_enable=(0.0, 0.0),
        no_beats=(0.0, 0.0),
        held=(1.0, 1.0),
        peak=(1.0, 1.0),
        opens_s=(0.001, 0.001),
        drops_s=(0.11, 0.11),
        slowest_s=(0.155, 0.155),
        weakest=1.0,
        soonest_s=0.07,
        drain_v=25.0,
        dark=0.0,
        back_s=2.0,
    )
    return dataclasses.replace(well, **changed)  # type: ignore[arg-type]  # by name


def test_a_drive_that_is_well_is_borne() -> None:
    assert fmea_drive.wrong(drive(), RULES) == ""
    assert fmea_drive.found_by(drive(), RULES) == fmea_drive.LATENT


@pytest.mark.parametrize(
    "changed",
    [
        {"idle": (0.0, 1.0)},
        {"dark": 1.0},
        {"held": (0.0, 0.0)},
        {"weakest": 0.1},
        {"opens_s": (0.001, math.inf)},
        {"drops_s": (0.11, 0.21)},
        {"slowest_s": (0.245, 0.245)},
        {"slowest_s": (math.inf, math.inf)},
    ],
)
def test_a_drive_that_is_live_at_rest_or_chatters_or_opens_late_is_not_borne(
    changed: dict[str, object],
) -> None:
    assert fmea_drive.wrong(drive(**changed), RULES)


def test_a_pump_that_never_lets_go_is_borne_only_where_the_proof_shows_it() -> None:
    stuck = {"drops_s": (math.inf, 0.11), "slowest_s": (math.inf, 0.155)}
    assert fmea_drive.wrong(drive(**stuck), RULES)
    shown = drive(**stuck, no_beats=(1.0, 0.0))
    assert fmea_drive.wrong(shown, RULES) == ""
    assert fmea_drive.found_by(shown, RULES) == fmea_drive.PUMP_PROOF


def pilot(a: Seen, generator_v: tuple[float, float] = (12.0, -12.0)) -> Pilot:
    """A pilot whose empty plug reads as *a*."""
    b, c = Seen(9.0, -12.0, "B", fit=False), Seen(6.0, -12.0, "C", fit=True)
    return Pilot(faults.NONE, a, b, c, generator_v, (12.0, -12.0), 3.3)


def test_an_empty_plug_fit_to_close_is_not_borne_unless_a_proof_fails() -> None:
    well = pilot(Seen(12.0, -12.0, "A", fit=False))
    assert fmea_pilot.wrong(well) == ""
    assert fmea_pilot.proofs(well) == []
    found = pilot(Seen(6.0, -12.0, "C", fit=True))
    assert fmea_pilot.proofs(found) == ["A before the plug-in"]
    assert fmea_pilot.wrong(found) == ""
    assert fmea_pilot.wrong(pilot(Seen(12.0, -12.0, "A", fit=True)))


def test_a_reference_that_would_take_the_converter_with_it_is_not_borne() -> None:
    high = dataclasses.replace(pilot(Seen(12.0, -12.0, "A", fit=False)), reference_v=13.3)
    assert "VREF" in fmea_pilot.wrong(high)


# --- faults are made from the netlist


def test_a_part_that_is_added_to_a_netlist_is_in_the_fmea() -> None:
    assert [f.mode for f in faults.of_line("R999 a b {R999}")] == ["open", "short"]
    assert {f.mode for f in faults.of_line("XQ999 d g s n_fet vth=1")} == TRANSISTOR_MODES
    assert list(faults.of_line("Bsource a 0 V=1")) == []


def test_a_fault_replaces_its_part_and_nothing_else() -> None:
    deck = Deck("fmea_drive", VALUES)
    fault = next(f for f in fmea_drive.all_faults(deck) if f.name == "C401 short")
    before = deck.text({}).splitlines()
    after = deck.replaced(fault.element, fault.lines).text({}).splitlines()
    gone = [line for line in before if line not in after]
    new = [line for line in after if line not in before]
    assert gone == ["C401 p1 y1 {C401}"]
    assert new == ["Rfault p1 y1 10m"]


def test_a_fault_of_a_part_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="R999"):
        Deck("fmea_drive", VALUES).replaced("R999", ())
