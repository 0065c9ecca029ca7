# SPDX-License-Identifier: GPL-3.0-or-later
"""One source of numbers: hw/values.toml, the software's defaults and the simulator agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from evsed import control
from evsed.boards import InputsConfig, PigpioConfig
from evsed.core.pilot import charge_pump, punctuality, self_checks
from evsed.core.pilot import current_transformer as current
from evsed.core.pilot.contactor_state import OPEN_MIN_S
from evsed.core.pilot.pilot_meter import BLIND_S, FrontEnd
from evsed.core.pilot.punctuality import SURE_S
from evsed.sim import circuit, transformer
from evsed.sim import contactor_drive as box
from hw.tools.simulate import RESULTS, inputs_sha256
from hw.tools.values import HW, Line, Values

VALUES = Values()
CONTRACT = VALUES["contract"]
OWNERS = (HW.parent / "etc" / "evsed.toml").read_text()


def owners_default(key: str) -> str:
    """A key of etc/evsed.toml, commented out or not, as the text that stands behind it."""
    found = re.search(rf"(?m)^#? ?{key} = (\S+)", OWNERS)
    assert found, f"etc/evsed.toml does not name {key}"
    return found[1]


def test_the_owners_file_has_the_front_end_of_the_contract() -> None:
    front_end = tomllib.loads(OWNERS)["board"]["front_end"]
    assert front_end["volts_at_code_0"] == CONTRACT["volts_at_code_0"]
    assert front_end["volts_per_code"] == CONTRACT["volts_per_code"]
    assert front_end["pilot_adc_channel"] == CONTRACT["adc"]["pilot"]


def test_the_pilot_meter_has_the_front_end_of_the_contract() -> None:
    assert FrontEnd() == FrontEnd(CONTRACT["volts_at_code_0"], CONTRACT["volts_per_code"])


def test_the_contracts_line_is_within_a_code_of_what_the_parts_give() -> None:
    ours, parts = VALUES.line_of_contract, VALUES.line_of_parts
    for code in range(CONTRACT["adc_codes"]):
        assert abs(ours.volts(code) - parts.volts(code)) < parts.volts_per_code


def test_the_generators_channel_reads_within_3_codes_of_the_pilots_line() -> None:
    ours, parts = VALUES.line_of_contract, VALUES.line_of_generator
    for code in range(CONTRACT["adc_codes"]):
        assert abs(ours.volts(code) - parts.volts(code)) < 3 * parts.volts_per_code


def test_the_coils_supply_spans_more_than_12_v_and_is_what_the_contract_says() -> None:
    per_code = VALUES.coil_supply_v_per_code
    assert per_code == pytest.approx(CONTRACT["coil_supply_v_per_code"], rel=1e-3)
    assert per_code * CONTRACT["adc_codes"] > 1.2 * VALUES["models.coil"]["supply_v"][-1]


def test_the_simulator_reads_as_the_parts_do() -> None:
    parts = VALUES.line_of_parts
    assert circuit.PARTS.volts_at_code_0 == pytest.approx(parts.volts_at_code_0, abs=1e-6)
    assert circuit.PARTS.volts_per_code == pytest.approx(parts.volts_per_code, rel=1e-6)


def test_the_simulator_is_made_of_the_parts_of_the_board() -> None:
    for ohm_or_farad, ref in (
        (circuit.GENERATOR_TO_REFERENCE_OHM, "R203"),
        (circuit.GENERATOR_TO_GROUND_OHM, "R204"),
        (circuit.GENERATOR_FEEDBACK_OHM, "R205"),
        (circuit.DIVIDER_TO_REFERENCE_OHM, "R302"),
        (circuit.DIVIDER_TO_GROUND_OHM, "R303"),
        (circuit.FILTER_FARAD, "C301"),
    ):
        assert VALUES.ohm(ref) == ohm_or_farad, ref
    assert VALUES.pilot_divider_ohm == circuit.DIVIDER_FROM_CP_OHM
    assert VALUES.source_ohm == circuit.SOURCE_OHM
    assert VALUES.reference_v == circuit.REFERENCE_V
    assert (circuit.PARTS.source_low_v, circuit.PARTS.source_high_v) == pytest.approx(
        VALUES.source_v
    )


def test_the_current_transformer_of_the_simulator_and_the_settings_is_that_of_the_board() -> None:
    assert VALUES.ohm("R611") == transformer.BURDEN_OHM
    assert VALUES.ohm("R612") == VALUES.ohm("R613")  # on half the reference
    assert VALUES.reference_v == transformer.REFERENCE_V == current.REFERENCE_V
    assert CONTRACT["adc_codes"] == transformer.CODES == current.CODES
    assert CONTRACT["adc"]["current_transformer"] == transformer.CHANNEL
    assert InputsConfig().current_a_per_v == pytest.approx(2000 / VALUES.ohm("R611"), rel=1e-3)


def test_the_simulated_car_is_the_car_of_the_netlists() -> None:
    car = VALUES["car"]
    assert (
        car["b_ohm"],
        car["c_ohm"],
        car["d_ohm"],
    ) == (circuit.CAR_B_OHM, circuit.CAR_C_OHM, circuit.CAR_D_OHM)
    assert VALUES["limits"]["car_f"] == circuit.CAR_FARAD


def test_the_pins_are_the_softwares_defaults() -> None:
    gpio = CONTRACT["gpio"]
    pins = PigpioConfig()
    assert pins.pilot_gpio == gpio["pilot"]
    assert pins.contactor_gpios == (gpio["contactor"],)
    assert pins.heartbeat_gpio == gpio["heartbeat"]


def test_the_pins_of_the_optional_wires_are_the_ones_the_owners_file_suggests() -> None:
    gpio = CONTRACT["gpio"]
    for key in ("ground_fault", "ground_fault_test", "emergency_stop"):
        assert owners_default(f"{key}_gpio") == str(gpio[key])
    assert owners_default("proximity_adc_channel") == str(CONTRACT["adc"]["proximity"])
    assert owners_default("current_adc_channel") == str(CONTRACT["adc"]["current_transformer"])
    assert owners_default("coil_supply_adc_channel") == str(CONTRACT["adc"]["coil_supply"])
    assert owners_default("generator_adc_channel") == str(CONTRACT["adc"]["generator"])
    assert CONTRACT["coil_supply_v_per_code"] == self_checks.COIL_V_PER_CODE
    assert f"[{gpio['contactor_feedback']}]" in OWNERS


def test_no_two_wires_share_a_pin_and_none_is_a_pin_of_the_spi() -> None:
    pins = list(CONTRACT["gpio"].values())
    assert len(set(pins)) == len(pins)
    assert not {7, 8, 9, 10, 11} & set(pins)


def test_the_heartbeat_is_as_fast_as_the_dead_man_was_proven_for() -> None:
    assert CONTRACT["heartbeat_tick_s"] == control.TICK_S
    assert CONTRACT["heartbeat_late_s"] > punctuality.LATE_S  # one after the other
    # one edge a tick, two edges a period
    assert CONTRACT["heartbeat_min_hz"] <= 1 / (2 * control.TICK_S)


def test_the_softwares_blind_time_is_the_one_the_settling_was_proven_for() -> None:
    assert CONTRACT["blind_s"] == BLIND_S


def test_the_results_belong_to_the_values_and_netlists_that_lie_here() -> None:
    results = tomllib.loads(RESULTS.read_text())
    assert results["inputs_sha256"] == inputs_sha256(VALUES), "run `make hw` and commit hw/"
    assert results["runs"] >= 2 * 500


def test_the_results_line_is_the_parts_line() -> None:
    results = tomllib.loads(RESULTS.read_text())
    line = Line(**results["line_of_parts"])
    assert line.volts(1023) == pytest.approx(VALUES.line_of_parts.volts(1023), abs=0.002)


def test_the_dead_man_drops_in_time_and_outlasts_a_late_beat() -> None:
    dead_man = tomllib.loads(RESULTS.read_text())["dead_man"]
    assert dead_man["least_s"] > punctuality.SURE_S  # now and then
    assert dead_man["most_s"] < CONTRACT["dead_man_drop_s"]


def test_the_simulated_pump_holds_as_long_as_that_of_the_netlists() -> None:
    dead_man = tomllib.loads(RESULTS.read_text())["dead_man"]
    assert (dead_man["least_s"], dead_man["most_s"]) == box.PUMP_HOLD_S


def test_the_pump_is_dry_before_the_next_closing_tries_whether_it_is() -> None:
    trailing_s = max(charge_pump.TRAIL) * CONTRACT["heartbeat_tick_s"]
    assert trailing_s + CONTRACT["dead_man_drop_s"] < OPEN_MIN_S


def test_a_gpio_that_no_longer_opens_keeps_a_plug_live_for_300_ms_at_most() -> None:
    pump_s = tomllib.loads(RESULTS.read_text())["dead_man"]["most_s"]
    trailing_s = (max(charge_pump.TRAIL) - 1) * CONTRACT["heartbeat_tick_s"]  # the first at once
    detection_s, release_s = 2 * CONTRACT["heartbeat_tick_s"], 0.050  # EVerest's bring-up notes
    assert detection_s + trailing_s + pump_s + release_s <= 0.3


def test_the_software_trusts_the_pump_for_no_longer_than_it_surely_holds() -> None:
    assert tomllib.loads(RESULTS.read_text())["dead_man"]["least_s"] > SURE_S


def test_every_figure_in_the_committed_table_is_inside_its_limit() -> None:
    text = (HW / "docs" / "figures.md").read_text()
    assert "FAILS" not in text
    assert text.count("\n| ") > 80


def test_the_netlists_values_are_those_of_the_table() -> None:
    assert (HW / "spice" / "values.inc").read_text() == VALUES.spice


def test_no_netlist_has_a_part_with_a_value_of_its_own() -> None:
    for path in (HW / "spice").iterdir():
        for line in path.read_text().splitlines():
            if found := re.match(r"([RC]\d{3}) \S+ \S+ (\S+)", line):
                assert found[2] == f"{{{found[1]}}}", f"{path.name}: {line}"


def drawn_parts() -> dict[str, str]:
    """Reference -> value of every symbol on the sheets, supplies and test points left out."""
    drawn: dict[str, str] = {}
    for sheet in HW.glob("*.kicad_sch"):
        pairs = re.findall(
            r'\(property "Reference" "([A-Z]\d+)".*?\(property "Value" "([^"]*)"',
            sheet.read_text(),
            re.DOTALL,
        )
        drawn |= dict(pairs)
    return drawn


def test_the_schematic_shows_the_values_of_the_table_and_every_part_of_it() -> None:
    assert drawn_parts() == {ref: part.label for ref, part in VALUES.parts.items()}


def test_the_readme_names_every_wire_to_the_pi() -> None:
    readme = (HW / "README.md").read_text()
    rows = dict(re.findall(r"(?m)^\| (\d+) \| GPIO (\d+)", readme))
    wired = {str(pin) for pin in CONTRACT["gpio"].values()} | {"8", "9", "10", "11"}
    assert set(rows.values()) == wired


def test_the_readme_names_every_order_number() -> None:
    listed = Path(HW / "docs" / "bom.csv").read_text()
    for part in VALUES.parts.values():
        assert part.mpn in listed, part.ref
