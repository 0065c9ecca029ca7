# SPDX-License-Identifier: GPL-3.0-or-later
"""The extremes of the simulated boards, read by the software that will meet them."""

from __future__ import annotations

import itertools
import tomllib
from typing import Any

import pytest

from evsed.core.pilot import j1772
from evsed.core.pilot.j1772 import PilotState, state_of
from evsed.core.pilot.pilot_meter import FrontEnd
from evsed.sim import circuit
from hw.tools.bursts import EXPECTED, Plateaus, verdict
from hw.tools.simulate import RESULTS
from hw.tools.values import Values

RESULT: dict[str, Any] = tomllib.loads(RESULTS.read_text())
VALUES = Values()
FRONT_END = FrontEnd()
STATES = tuple(EXPECTED)
DUTIES = (0.1, 0.27, 0.5333, 0.8)
LIVE = ("c", "d")


@pytest.mark.parametrize("boards", ["as_built", "any_source"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("duty", DUTIES)
def test_every_corner_of_every_state_is_read_rightly(boards: str, state: str, duty: float) -> None:
    ends = RESULT[boards][state]
    for high, low in itertools.product(ends["high"], ends["low"]):
        reading = verdict(Plateaus(high, low), duty, FRONT_END).reading
        assert reading == EXPECTED[state], f"{state} at {high}/{low}"


@pytest.mark.parametrize("state", [s for s in STATES if s not in LIVE])
def test_nothing_but_c_and_d_with_a_diode_is_ever_fit_to_close(state: str) -> None:
    ends = RESULT["any_source"][state]
    for high, low, duty in itertools.product(ends["high"], ends["low"], DUTIES):
        assert not verdict(Plateaus(high, low), duty, FRONT_END).close


@pytest.mark.parametrize("state", LIVE)
def test_c_and_d_are_fit_to_close_on_every_board_as_built(state: str) -> None:
    ends = RESULT["as_built"][state]
    for high, low, duty in itertools.product(ends["high"], ends["low"], DUTIES):
        assert verdict(Plateaus(high, low), duty, FRONT_END).close


@pytest.mark.parametrize("name", ["a", "b", "c", "d"])
def test_every_states_codes_lie_inside_its_window_hysteresis_included(name: str) -> None:
    line = VALUES.line_of_contract
    for code in RESULT["any_source"][name]["high"]:
        volts = line.volts(code)
        for before in PilotState:
            assert state_of(volts, before) is PilotState(name.upper()), f"{volts:.2f} V"


def test_no_healthy_board_reads_beyond_the_sensors_limit() -> None:
    line = VALUES.line_of_contract
    for state in ("a", "b", "c", "d"):
        ends = RESULT["any_source"][state]
        assert line.volts(max(ends["high"])) < j1772.SENSOR_LIMIT_V
        assert line.volts(min(ends["low"])) > -j1772.SENSOR_LIMIT_V


def test_the_diode_threshold_parts_the_boards_with_a_diode_from_those_without() -> None:
    line = VALUES.line_of_contract
    with_diode = max(max(RESULT["any_source"][s]["low"]) for s in ("a", "b", "c", "d"))
    without = min(min(RESULT["any_source"][s]["low"]) for s in ("bn", "cn", "dn"))
    assert line.volts(with_diode) < j1772.DIODE_V < line.volts(without)


@pytest.mark.parametrize("cut", RESULT["cuts"], ids=lambda c: c["what"])
def test_a_cut_wire_is_noticed_and_never_lets_the_contactor_close(cut: dict[str, Any]) -> None:
    reading = verdict(Plateaus(cut["high"], cut["low"]), 0.5, FRONT_END)
    assert reading.reading == cut["reading"]
    assert reading.close == (cut["what"] == "none")


def test_the_wires_that_were_cut_are_all_there() -> None:
    assert len(RESULT["cuts"]) >= 12


def test_the_simulated_circuit_and_the_netlists_meet_at_the_nominal_car() -> None:
    for name, ohm in (("b", circuit.CAR_B_OHM), ("c", circuit.CAR_C_OHM), ("d", circuit.CAR_D_OHM)):
        wire = circuit.Circuit(load=circuit.Load(car_ohm=ohm))
        code = VALUES.line_of_parts.code(wire.high_v)
        low, high = RESULT["as_built"][name]["high"]
        assert low < code < high
